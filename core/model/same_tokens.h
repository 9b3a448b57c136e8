// Whether one model's tokens are another's, so that one can draft for the other.
#pragma once

#include "core/model/tokenizer.h"

namespace retort {

/// kUnsupported, with the first token that differs, unless both tokenizers have the same tokens under the same numbers.
Status CheckSameTokens(const Tokenizer& a, const Tokenizer& b);

}  // namespace retort

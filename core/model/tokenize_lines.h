// The work of `retort models tokenize`: JSON strings in, JSON arrays of token ids out, a line each.
#pragma once

#include <iosfwd>

#include "core/model/tokenizer.h"

namespace retort {

/// For each line of `in`, one JSON string, write the JSON array of its token ids to `out`. Texts of special tokens are
/// recognised; no begin-of-sequence token is added.
/// Errors: kInvalidArgument with the line's number (from 1) for a line that is no JSON string or no valid UTF-8, after
/// the lines before it were written; kResourceExhausted where `out` cannot be written.
Status TokenizeLines(const Tokenizer& tokenizer, std::istream& in, std::ostream& out);

}  // namespace retort

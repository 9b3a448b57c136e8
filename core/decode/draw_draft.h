// A draft token that is drawn, with the distribution it was drawn from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/decode/injected_fault.h"
#include "core/model/sampler.h"

namespace retort {

/// Draw from q = the distribution of `logits` after all transforms of `sampler`, without the tokens `siblings` and
/// renormalised: children of one node of a tree, drawn one after the other, differ. *q becomes the row that the token
/// was drawn from. -1: the siblings left nothing. Errors: those of Sampler.
/// Source: without replacement, Jeon et al., "Recursive Speculative Decoding", arXiv 2402.14160, section 3.
Result<int32_t> DrawDraft(Sampler& sampler, std::span<const float> logits, std::span<const int32_t> history, double u,
                          std::span<const int32_t> siblings, InjectedFault fault, std::vector<float>* q);

}  // namespace retort

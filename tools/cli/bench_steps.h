// What measurements of forward steps share.
#pragma once

#include <cstdint>
#include <vector>

namespace retort::cli {

double Median(std::vector<double> values);

/// Tokens drawn evenly from the vocabulary, from `position` of an endless row of them: a step's time does not depend on
/// which they are.
std::vector<int32_t> SomeTokens(int count, int32_t vocab, uint64_t position);

}  // namespace retort::cli

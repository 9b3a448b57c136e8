// All suffixes of a text in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort_stages {

/// Where the suffixes of `text` begin, the least first; a suffix comes before those that it begins. Linear in time and
/// memory. Shapes: `text` has fewer than 2^31 - 1 tokens, each in [0, alphabet).
/// Source: Nong, Zhang, Chan, "Two Efficient Algorithms for Linear Time Suffix Array Construction", 2011 (SA-IS).
std::vector<int32_t> SuffixArray(std::span<const int32_t> text, int32_t alphabet);

}  // namespace retort_stages

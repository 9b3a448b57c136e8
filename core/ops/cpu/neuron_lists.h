// SIMD kernels that say which neurons of a feed-forward part matter. Each row's result depends on that row alone.
#pragma once

#include <cstdint>

#include "core/ops/neurons.h"

namespace retort::cpu {

/// Room that ListNeurons needs beyond the neurons it lists.
inline constexpr int64_t kListSlack = 16;

/// row[f] = silu(row[f])
void SiluInPlace(float* row, int64_t f);
/// The indices, ascending, that the rule takes by the magnitudes of values[f]; `list` has room for f + kListSlack.
/// Returns how many. A count is found by bisection of the magnitudes' bits: passes that
/// count, a vector at a time.
int64_t ListNeurons(const float* values, int64_t f, const NeuronRule& rule, int32_t* list);
/// sums[f] += |row[f]|
void AddMagnitudes(const float* row, int64_t f, float* sums);
/// Σ z[f]²
float SumOfSquares(const float* z, int64_t f);
/// sums[begin, end) += z² * weight
void AddSquares(const float* z, float weight, int64_t begin, int64_t end, float* sums);

}  // namespace retort::cpu

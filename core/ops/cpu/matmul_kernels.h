// SIMD matrix products over grouped weights, for the instruction set of this processor (Highway dispatch).
// Each output is one lane of one accumulator that runs over the inputs in order: its sum depends on neither the number
// of rows nor the split of the work nor the tile that computed it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ops/cpu/grouped_weight.h"
#include "core/ops/ops.h"

namespace retort::cpu {

/// y[t, n] (+)= x[t, k] · wᵀ, rows of y ldy floats apart.
struct MatMulCall {
  const float* x = nullptr;
  const GroupedWeight* w = nullptr;
  float* y = nullptr;
  int64_t t = 0, ldy = 0;
  bool accumulate = false;
  Precision precision = Precision::kFast;
  int threads = 1;
};

/// The outputs of groups [begin, end), with float activations. All weight types.
void MatMulFloat(const MatMulCall& call, int64_t begin, int64_t end);

/// Activations as integers per block of 32: value = scale * q. Bytes for weights of up to six bits, whose products pair
/// up in 16 bits. 8-bit weights have no such room where bytes cannot be summed in 32 bits at once, so their partners
/// are 16 bits, which costs no more there and leaves an error far below the weights' own.
struct QuantisedRows {
  std::vector<int8_t> q8;         // [t, k], or empty
  std::vector<int16_t> q16;       // [t, k], or empty
  std::vector<float> scale;       // [t, k / 32]
  std::vector<float> sum;         // [t, k / 32]: scale * sum of the block's q
  std::vector<int16_t> half_sum;  // [t, k / 16]: sums of 16 q for q6_k, whose scales are as narrow, or empty
  void Resize(DType weights, int64_t t, int64_t k);
};
/// Fill rows [begin, end) of `out`, resized for the weight type.
void QuantiseRows(const float* x, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* out);

/// The outputs of groups [begin, end) of quantised weights, in integers within a block.
void MatMulQuantised(const MatMulCall& call, const QuantisedRows& x, int64_t begin, int64_t end);

/// The weights of groups [begin, end) as floats: k rows of 8 * (end - begin), `stride` floats apart.
void ExpandGroups(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride);

}  // namespace retort::cpu

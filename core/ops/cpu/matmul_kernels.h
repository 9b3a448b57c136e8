// SIMD matrix products over weights in GGUF layout, for the instruction set of this processor (Highway dispatch).
// A weight block is expanded once and used for several activation rows, so that a step of a few tokens costs little more
// than a step of one. The sum of an output element runs in an order that depends on k alone: neither on the number of
// rows nor on how the work is split.
#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor/dtype.h"

namespace retort::cpu {

/// Part of y[t, n] (+)= x[t, k] · wᵀ: the outputs [n_begin, n_end).
struct MatMulPart {
  DType type = DType::kF32;
  const void* weights = nullptr;  // [n, k], rows in GGUF layout
  int64_t k = 0, n_begin = 0, n_end = 0;
  int64_t t = 0;
  float* y = nullptr;
  int64_t ldy = 0;
  bool accumulate = false;
};

/// Float activations x [t, k]; weights become floats in registers. All types.
void MatMulFloat(const MatMulPart& part, const float* x);

/// Activations as 16-bit integers per block of 32: value = scale * q. Sixteen bits cost what eight do wherever there is no
/// byte dot product, since both multiply 16-bit pairs, and leave an error far below that of 4- and 8-bit weights.
struct QuantisedRows {
  std::vector<int16_t> q;      // [t, k]
  std::vector<float> scale;    // [t, k / 32]
  std::vector<float> sum;      // [t, k / 32]: scale * sum of the block's q
};
/// Fill rows [begin, end) of `out`, whose vectors have their sizes already.
void QuantiseRows(const float* x, int64_t k, int64_t begin, int64_t end, QuantisedRows* out);

/// Quantised weights (q8_0, q4_0, q4_1) times quantised activations, in integers within a block.
void MatMulQuantised(const MatMulPart& part, const QuantisedRows& x);

/// Expand weight rows [begin, end) into floats [end - begin, k].
void ExpandRows(DType type, const void* weights, int64_t k, int64_t begin, int64_t end, float* out);

}  // namespace retort::cpu

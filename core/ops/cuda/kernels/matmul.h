// Products with a weight matrix, and its rows as embeddings.
#pragma once

#include "core/ops/cuda/kernels/elements.h"

namespace retort::cuda {

/// Tokens that share the reading of a weight where a step has more than one.
inline constexpr int kMatMulTile = 8;

/// y[T, N] = x[T, K] · wᵀ (+ y). A warp makes kTokens outputs of one weight row, so that each weight is read and
/// expanded once for all of them; lane l sums elements l, l + 32, ... A token's sum is the same for any kTokens.
template <DType kType, int kTokens>
struct MatMul {
  using Partial = Floats<kTokens>;
  const void* weight;
  const float* x;
  float* y;
  int64_t n, k, t, ldy;
  int64_t row_bytes;
  bool accumulate;

  RETORT_HD int64_t Tiles() const { return (t + kTokens - 1) / kTokens; }
  RETORT_HD int64_t Count() const { return n * Tiles(); }

  RETORT_HD Partial Part(int64_t i, int lane) const {
    const void* row = static_cast<const char*>(weight) + i / Tiles() * row_bytes;
    const int64_t first = i % Tiles() * kTokens;
    const float* token[kTokens];
    Partial sum{};
    RETORT_UNROLL
    for (int j = 0; j < kTokens; ++j) token[j] = x + (first + j < t ? first + j : t - 1) * k;  // past the end: unused
    for (int64_t e = lane; e < k; e += kLanes) {
      const float w = ElementAt<kType>(row, e);
      RETORT_UNROLL
      for (int j = 0; j < kTokens; ++j) sum.v[j] = fmaf(w, token[j][e], sum.v[j]);
    }
    return sum;
  }
  RETORT_HD static Partial Merge(const Partial& a, const Partial& b) {
    Partial sum;
    RETORT_UNROLL
    for (int j = 0; j < kTokens; ++j) sum.v[j] = a.v[j] + b.v[j];
    return sum;
  }
  RETORT_HD void Finish(int64_t i, int lane, const Partial& sum) const {
    const int64_t first = i % Tiles() * kTokens;
    RETORT_UNROLL
    for (int j = 0; j < kTokens; ++j) {
      if (lane != j || first + j >= t) continue;
      float& out = y[(first + j) * ldy + i / Tiles()];
      out = accumulate ? out + sum.v[j] : sum.v[j];
    }
  }
};

/// out[T, K] = row ids[T] of the matrix.
template <DType kType>
struct Embed {
  const void* weight;
  const int32_t* ids;
  float* out;
  int64_t t, k;
  int64_t row_bytes;

  RETORT_HD int64_t Count() const { return t * k; }
  RETORT_HD void operator()(int64_t i) const {
    out[i] = ElementAt<kType>(static_cast<const char*>(weight) + ids[i / k] * row_bytes, i % k);
  }
};

}  // namespace retort::cuda

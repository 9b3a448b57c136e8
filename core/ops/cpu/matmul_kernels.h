// SIMD matrix products over grouped weights, for the instruction set of this processor (Highway dispatch).
// Each output is one lane of one accumulator that runs over the inputs in order: its sum depends on neither the number
// of rows nor the split of the work nor the tile that computed it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ops/cpu/grouped_weight.h"
#include "core/ops/cpu/row_tiles.h"
#include "core/ops/ops.h"

namespace retort::cpu {

/// Units of kFloatGroupRows outputs of a weight.
inline int64_t FloatUnits(const GroupedWeight& w) { return (w.n + kFloatGroupRows - 1) / kFloatGroupRows; }

/// y[t, n] (+)= x[t, k] · wᵀ, rows of y ldy floats apart.
struct MatMulCall {
  const float* x = nullptr;
  const GroupedWeight* w = nullptr;
  float* y = nullptr;
  int64_t t = 0, ldy = 0;
  bool accumulate = false;
  Precision precision = Precision::kFast;
  int threads = 1;
  // What the rows are made from, where that is left to the product; see RowSource. `x` is its x.
  const float* norm = nullptr;
  float eps = 0;
  bool gated = false;
  float* made = nullptr;
  RowSource source() const { return {x, norm, eps, gated, made}; }
};

/// Activations as the float kernel reads them: in each tile of R rows, [k][R].
struct FloatRows {
  RowTiles tiles;
  std::vector<float> values;  // empty for one row, which is read where it lies
};
/// Cut `t` rows of k into tiles and make room for them.
void ResizeFloatRows(int64_t t, int64_t k, FloatRows* rows);
/// Fill tiles [begin, end).
void PackFloatRows(const float* x, int64_t k, int64_t begin, int64_t end, FloatRows* rows);
/// The outputs of units [begin, end) of kFloatGroupRows each, with float activations. All weight types. `prefetch`: ask
/// for weights some way ahead of their use.
void MatMulFloat(const MatMulCall& call, const FloatRows& x, bool prefetch, int64_t begin, int64_t end);

/// Activations as integers per block of 32: value = scale * q. Bytes for weights of up to six bits, whose products pair
/// up in 16 bits, and for 8-bit weights where a processor sums products of bytes in 32 bits (VNNI). Elsewhere the
/// partners of 8-bit weights are 16 bits, which costs no more there and leaves an error far below the weights' own.
struct QuantisedRows {
  RowTiles tiles;
  // In each tile of R rows:
  std::vector<int8_t> q;       // [k / 4][R][4] bytes; 16 bits: [k / 4][R][4] with the inputs in the order 0 2 1 3
  std::vector<float> scale;    // [k / 32][R]
  std::vector<float> total;    // [k / 32][R]: scale * sum of the block's q, for weights that have a minimum
  std::vector<int32_t> start;  // [k / 32][R], q6_k [k / 32][2][R]: what the integer of weight 0 adds to a block's sum
};
/// Cut `t` rows of k into tiles and make room for them.
void ResizeQuantisedRows(DType weights, int64_t t, int64_t k, QuantisedRows* rows);
/// Each tile is filled in so many pieces, those of its inputs.
inline constexpr int64_t kTilePieces = 4;
/// Fill pieces [begin, end) of the tiles resized for the weight type.
void QuantiseRows(const RowSource& source, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* rows);
/// Whether this processor's kernels meet 8-bit weights with bytes.
bool HasByteDot();
/// The outputs of groups [begin, end) of quantised weights, in integers within a block. `prefetch`: ask for a group
/// while the one before it is multiplied.
void MatMulQuantised(const MatMulCall& call, const QuantisedRows& x, bool prefetch, int64_t begin, int64_t end);

/// The weights of units [begin, end) as floats: k rows of kFloatGroupRows * (end - begin), `stride` floats apart.
void ExpandWeights(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride);

}  // namespace retort::cpu

// What the matrix unit multiplies as bfloat16: activations and panels of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ops/cpu/matmul_kernels.h"

namespace retort::cpu {

/// Inputs of a block: what one tile instruction sums.
inline constexpr int64_t kTileInputs = 32;
inline int64_t TileBlocks(int64_t k) { return (k + kTileInputs - 1) / kTileInputs; }

/// Activations, [t / 16][k / 32][16][32]. Inputs beyond k are zero; rows beyond t may be anything.
struct BFloat16Rows {
  int64_t rows = 0, blocks = 0;
  std::vector<uint16_t> values;

  int64_t tiles() const { return (rows + 15) / 16; }
  const uint16_t* Tile(int64_t tile) const { return values.data() + tile * blocks * 16 * kTileInputs; }
};
void ResizeBFloat16Rows(int64_t t, int64_t k, BFloat16Rows* rows);
/// Fill rows [begin, end), of k elements.
void PackBFloat16Rows(const RowSource& source, int64_t k, int64_t begin, int64_t end, BFloat16Rows* rows);

/// Elements of a block of a panel: 32 outputs by 32 inputs.
inline constexpr int64_t kPanelBlock = kFloatGroupRows * kTileInputs;
/// Blocks [begin, end) of inputs of a unit of 32 outputs, as [2][16][16][2]: half of the outputs, pair of inputs,
/// output, input. Inputs beyond k are zero; outputs beyond n may be anything.
void FillBFloat16Panel(const GroupedWeight& w, int64_t unit, int64_t begin, int64_t end, uint16_t* panel);

/// The outputs of units [begin, end), sums in floats, on the matrix unit. Only where HasMatrixTiles().
void MatMulBFloat16Tiles(const MatMulCall& call, const BFloat16Rows& x, int64_t begin, int64_t end);

}  // namespace retort::cpu

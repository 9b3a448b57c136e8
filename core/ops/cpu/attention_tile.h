// The SIMD kernel of attention: the query heads of a tile of rows that share a key/value head, page by page, with the
// maximum and the sum of the softmax carried along. A query's result depends on itself and its keys alone, in the order
// of positions, not on the tile.
// Source: Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022 (FlashAttention).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ops/cpu/attention_plan.h"
#include "core/ops/ops.h"

namespace retort::cpu {

struct TileCall {
  std::span<const AttentionRow> rows;  // of one sequence
  const float* q = nullptr;            // the first row's first head of the group; rows `ld` floats apart
  float* out = nullptr;                // likewise, `ldo` floats apart
  int64_t ld = 0, ldo = 0;
  const KvLayout* layout = nullptr;
  int layer = 0, kv_head = 0, group = 1;
  float scale = 1;
  int first_segment = 0, end_segment = 0;
  float* states = nullptr;  // where the unit is one of a share: TileStateFloats for each segment of the tile

  int queries() const { return static_cast<int>(rows.size()) * group; }
};

/// Floats of the partial results of a tile over one segment.
int64_t TileStateFloats(int queries, int dim);

/// Memory of one thread, used again by its next tile.
struct TileScratch {
  struct Block {
    int first, queries;
  };
  std::vector<float> memory;
  std::vector<Block> blocks, row_blocks;
  std::vector<int> straight, visible;
};

/// Attend over the call's segments. Without `states` the result goes to `out`; with it, partial results go there.
void AttendTile(const TileCall& call, TileScratch& scratch);

/// The result of a tile, from the partial results of all its segments: `call` spans them all.
void FoldTile(const TileCall& call, TileScratch& scratch);

}  // namespace retort::cpu

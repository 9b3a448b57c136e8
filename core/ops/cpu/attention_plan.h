// How the rows of a step are cut into pieces of attention that threads take one by one. The cut decides who computes
// and when, never what: a row's result is made of partial results of its own segments, in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ops/ops.h"

namespace retort::cpu {

/// Pages whose keys and values make one partial result of a row. A row's segments depend on its position alone.
inline constexpr int kSegmentPages = 8;
inline constexpr int kSegmentTokens = kSegmentPages * kKvPageTokens;

/// Rows of one sequence that follow each other.
struct AttentionTile {
  int32_t first = 0, count = 0;
  int32_t segments = 0;  // of the row that sees most
  int64_t cost = 0;      // pages that its query heads of one group see
};

/// A tile's query heads that share a key/value head, over some of their segments.
struct AttentionUnit {
  int32_t tile = 0, kv_head = 0;
  int32_t first_segment = 0, end_segment = 0;
  int32_t share = -1;  // units of one share are segments of one result; -1: the unit makes the result alone
  int64_t cost = 0;
};

struct AttentionPlan {
  std::vector<AttentionTile> tiles;
  std::vector<AttentionUnit> units;  // the largest first
  int32_t shares = 0;
  int64_t cost = 0;  // of all units

  /// Plan attention of `rows` with `group` query heads to each of `kv_heads`, for `threads` threads.
  void Build(std::span<const AttentionRow> rows, int group, int kv_heads, int threads);

 private:
  void CutTiles(std::span<const AttentionRow> rows, int group, int kv_heads, int threads);
};

}  // namespace retort::cpu

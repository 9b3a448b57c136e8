#include "core/ops/cpu/attention_plan.h"

#include <algorithm>

namespace retort::cpu {
namespace {

// Units a thread, so that the last ones leave nobody idle for long.
constexpr int64_t kUnitsPerThread = 4;
// Queries of a tile: enough to pay for reading a page, few enough for the second-level cache.
constexpr int kMinTileQueries = 24, kMaxTileQueries = 96;

}  // namespace

void AttentionPlan::CutTiles(std::span<const AttentionRow> rows, int group, int kv_heads, int threads) {
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t most = std::clamp<int64_t>(count * kv_heads / (kUnitsPerThread * threads),
                                           std::max(1, kMinTileQueries / group), std::max(1, kMaxTileQueries / group));
  for (int64_t i = 0; i < count; ++i) {
    const AttentionRow& row = rows[static_cast<size_t>(i)];
    if (tiles.empty() || tiles.back().count == most || row.pages != rows[static_cast<size_t>(i - 1)].pages) {
      tiles.push_back({static_cast<int32_t>(i), 0, 0, 0});
    }
    AttentionTile& tile = tiles.back();
    ++tile.count;
    tile.segments = std::max(tile.segments, row.position / kSegmentTokens + 1);
    tile.cost += int64_t{row.position / kKvPageTokens + 1} * group;
  }
}

void AttentionPlan::Build(std::span<const AttentionRow> rows, int group, int kv_heads, int threads) {
  tiles.clear();
  units.clear();
  shares = 0;
  cost = 0;
  CutTiles(rows, group, kv_heads, threads);
  for (const AttentionTile& tile : tiles) cost += tile.cost * kv_heads;
  for (size_t t = 0; t < tiles.size(); ++t) {
    const AttentionTile& tile = tiles[t];
    const bool split = threads > 1 && tile.segments > 1 && tile.cost * kUnitsPerThread * threads > cost;
    for (int32_t head = 0; head < kv_heads; ++head) {
      const auto index = static_cast<int32_t>(t);
      if (!split) {
        units.push_back({index, head, 0, tile.segments, -1, tile.cost});
        continue;
      }
      for (int32_t s = 0; s < tile.segments; ++s) {
        units.push_back({index, head, s, s + 1, shares, tile.cost / tile.segments});
      }
      ++shares;
    }
  }
  std::stable_sort(units.begin(), units.end(),
                   [](const AttentionUnit& a, const AttentionUnit& b) { return a.cost > b.cost; });
}

}  // namespace retort::cpu

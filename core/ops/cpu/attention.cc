#include "core/ops/cpu/attention.h"

#include <algorithm>

#include "core/device/cpu/parallel.h"
#include "core/ops/ref/ref_ops.h"

namespace retort::cpu {
namespace {

// Less than this, in queries times pages times head size, is done sooner than a fork and join.
constexpr int64_t kForkCost = 3000;

}  // namespace

void PagedAttention::PlaceShares(const KvLayout& layout, int group) {
  const auto count = static_cast<size_t>(plan_.shares);
  if (count > share_capacity_) {
    shares_ = std::make_unique<Share[]>(count);
    share_capacity_ = count;
  }
  int64_t floats = 0;
  for (const AttentionUnit& unit : plan_.units) {
    if (unit.share < 0 || unit.first_segment != 0) continue;
    const AttentionTile& tile = plan_.tiles[static_cast<size_t>(unit.tile)];
    Share& share = shares_[static_cast<size_t>(unit.share)];
    share.states = floats;
    share.left.store(tile.segments, std::memory_order_relaxed);
    floats += tile.segments * TileStateFloats(tile.count * group, layout.head_dim);
  }
  if (states_.size() < static_cast<size_t>(floats)) states_.resize(static_cast<size_t>(floats));
}

void PagedAttention::Attend(const AttentionCall& call, const AttentionUnit& unit, TileScratch& scratch) {
  const AttentionTile& tile = plan_.tiles[static_cast<size_t>(unit.tile)];
  const int group = call.heads / call.layout->kv_heads, dim = call.layout->head_dim;
  const int64_t first_head = int64_t{unit.kv_head} * group * dim;
  TileCall piece;
  piece.rows = call.rows.subspan(static_cast<size_t>(tile.first), static_cast<size_t>(tile.count));
  piece.ld = call.ld;
  piece.q = call.q + tile.first * call.ld + first_head;
  piece.ldo = int64_t{call.heads} * dim;
  piece.out = call.out + tile.first * piece.ldo + first_head;
  piece.layout = call.layout;
  piece.layer = call.layer;
  piece.kv_head = unit.kv_head;
  piece.group = group;
  piece.scale = call.scale;
  piece.first_segment = unit.first_segment;
  piece.end_segment = unit.end_segment;
  if (unit.share < 0) return AttendTile(piece, scratch);
  Share& share = shares_[static_cast<size_t>(unit.share)];
  piece.states = states_.data() + share.states;
  AttendTile(piece, scratch);
  // Whoever is last has seen the others' results (release and acquire) and folds them, in order.
  if (share.left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  piece.first_segment = 0;
  piece.end_segment = tile.segments;
  FoldTile(piece, scratch);
}

Status PagedAttention::Run(const AttentionCall& call) {
  RETORT_RETURN_IF_ERROR(CheckAttentionHeads(call.heads, *call.layout));
  const int group = call.heads / call.layout->kv_heads;
  plan_.Build(call.rows, group, call.layout->kv_heads, call.threads);
  PlaceShares(*call.layout, group);
  const auto count = static_cast<int64_t>(plan_.units.size());
  const bool small = plan_.cost * call.layout->head_dim < kForkCost;
  const int64_t workers = small ? 1 : std::min<int64_t>(count, call.threads);
  std::atomic<int64_t> next{0};
  ParallelFor(workers, 1, static_cast<int>(workers), [&](int64_t begin, int64_t end) {
    thread_local TileScratch scratch;
    for (; begin < end; ++begin) {
      for (int64_t unit; (unit = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
        Attend(call, plan_.units[static_cast<size_t>(unit)], scratch);
      }
    }
  });
  return {};
}

}  // namespace retort::cpu

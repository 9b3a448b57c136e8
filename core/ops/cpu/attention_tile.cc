#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/attention_tile.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "core/ops/cpu/attention_lanes-inl.h"
#include "core/ops/cpu/attention_tile.h"

#ifndef RETORT_ATTENTION_TILE_ONCE
#define RETORT_ATTENTION_TILE_ONCE
namespace retort::cpu {

inline constexpr int64_t kWidestVector = 16;
inline int64_t PaddedDim(int dim) { return (dim + kWidestVector - 1) / kWidestVector * kWidestVector; }

// Partial results of a tile: all outputs, all lanes of sums, all maxima, each part a whole number of vectors.
struct TileStates {
  float* memory;
  int64_t queries, width;
  float* out(int64_t query) const { return memory + query * width; }
  float* sums(int64_t query) const { return memory + queries * width + query * kWidestVector; }
  float* greatest(int64_t query) const { return memory + queries * (width + kWidestVector) + query; }
};

}  // namespace retort::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu::HWY_NAMESPACE {
namespace attention {

HWY_INLINE State At(const TileStates& states, int64_t query) {
  return {states.greatest(query), states.sums(query), states.out(query)};
}

/// f with the size of a block as a constant.
template <typename F>
HWY_INLINE void WithQueries(int queries, F&& f) {
  switch (queries) {
    case 1: return f(std::integral_constant<int, 1>{});
    case 2: return f(std::integral_constant<int, 2>{});
    case 3: return f(std::integral_constant<int, 3>{});
    case 4: return f(std::integral_constant<int, 4>{});
    case 6: return f(std::integral_constant<int, 6>{});
    default: break;
  }
  if constexpr (kBlockQueries > 6) {
    if (queries == 8) return f(std::integral_constant<int, 8>{});
    if (queries == 12) return f(std::integral_constant<int, 12>{});
  }
}

/// Cut queries into blocks of the sizes that there are.
inline void CutBlocks(int queries, std::vector<TileScratch::Block>& blocks) {
  blocks.clear();
  for (int first = 0; first < queries;) {
    int size = std::min(kBlockQueries, queries - first);
    while (size == 5 || size == 7 || (size > 8 && size < 12)) --size;
    blocks.push_back({first, size});
    first += size;
  }
}

template <typename T>
class Tile {
 public:
  Tile(const TileCall& call, TileScratch& scratch)
      : c_(call), scratch_(scratch), dim_(call.layout->head_dim), width_(PaddedDim(dim_)), queries_(call.queries()) {
    const int64_t state = TileStateFloats(queries_, dim_);
    const int64_t floats = 2 * state + 2 * queries_ * width_ + (4 * width_ + queries_) * kKvPageTokens;
    // Whole cache lines, or each load of a wide vector would touch two.
    scratch.memory.resize(static_cast<size_t>(floats + kWidestVector));
    auto address = reinterpret_cast<uintptr_t>(scratch.memory.data());
    float* next = scratch.memory.data() + (64 - address % 64) % 64 / sizeof(float);
    const auto take = [&next](int64_t count) {
      float* const taken = next;
      next += count;
      return taken;
    };
    total_ = {take(state), queries_, width_};
    part_ = {take(state), queries_, width_};
    packed_ = take(queries_ * width_);
    packed_row_ = take(queries_ * width_);
    values_ = take(kKvPageTokens * width_);
    keys_ = take(kKvPageTokens * width_);
    gathered_values_ = reinterpret_cast<T*>(take(kKvPageTokens * width_));
    gathered_keys_ = reinterpret_cast<T*>(take(kKvPageTokens * width_));
    scores_ = take(queries_ * kKvPageTokens);
    CutBlocks(queries_, scratch_.blocks);
    CutBlocks(c_.group, scratch_.row_blocks);
  }

  HWY_ATTR void Run() {
    if (dim_ % kLanes != 0) std::fill_n(values_, kKvPageTokens * width_, 0.0f);  // what pads rows stays 0
    Pack(0, scratch_.blocks, packed_);
    scratch_.straight.clear();
    for (const AttentionRow& row : c_.rows) {
      scratch_.straight.push_back(row.path == 0 ? row.position + 1 : row.prefix / kKvPageTokens * kKvPageTokens);
    }
    if (c_.states != nullptr) {
      const int64_t state = TileStateFloats(queries_, dim_);
      for (int s = c_.first_segment; s < c_.end_segment; ++s) Segment(s, {c_.states + s * state, queries_, width_});
      return;
    }
    Segment(0, total_);
    for (int s = 1; s < c_.end_segment; ++s) {
      Segment(s, part_);
      FoldSegment(s, part_);
    }
    FinishRows();
  }

  /// The result from partial results of all segments, the first of which is overwritten.
  HWY_ATTR void FoldAll() {
    const int64_t state = TileStateFloats(queries_, dim_);
    total_ = {c_.states, queries_, width_};
    for (int s = 1; s < c_.end_segment; ++s) FoldSegment(s, {c_.states + s * state, queries_, width_});
    FinishRows();
  }

 private:
  using Block = TileScratch::Block;

  /// Queries times scale as [dim, size of the block], block by block.
  void Pack(int first_query, const std::vector<Block>& blocks, float* to) const {
    for (const Block& block : blocks) {
      for (int r = 0; r < block.queries; ++r) {
        const int query = first_query + block.first + r;
        const float* const from = c_.q + query / c_.group * c_.ld + query % c_.group * dim_;
        for (int i = 0; i < dim_; ++i) to[block.first * dim_ + i * block.queries + r] = from[i] * c_.scale;
      }
    }
  }

  const T* Plane(int64_t page, size_t offset) const {
    const auto* const bytes = static_cast<const std::byte*>(c_.rows.front().pages[page]);
    return reinterpret_cast<const T*>(bytes + offset) + int64_t{c_.kv_head} * kKvPageTokens * dim_;
  }
  const T* Keys(int64_t page) const { return Plane(page, c_.layout->key_offset(c_.layer)); }
  const T* Values(int64_t page) const { return Plane(page, c_.layout->value_offset(c_.layer)); }

  HWY_ATTR void Segment(int segment, const TileStates& states) {
    for (int q = 0; q < queries_; ++q) Clear(At(states, q), width_);
    const int seen = *std::max_element(scratch_.straight.begin(), scratch_.straight.end());
    const int first = segment * kSegmentPages;
    const int end = std::min((segment + 1) * kSegmentPages, (seen + kKvPageTokens - 1) / kKvPageTokens);
    // The page to ask memory for meanwhile; in the last one, this page again.
    const int last = std::min(c_.end_segment * kSegmentPages, (seen + kKvPageTokens - 1) / kKvPageTokens) - 1;
    scratch_.visible.resize(static_cast<size_t>(queries_));
    for (int page = first; page < end; ++page) {
      for (int q = 0; q < queries_; ++q) {
        scratch_.visible[static_cast<size_t>(q)] =
            std::clamp(scratch_.straight[static_cast<size_t>(q / c_.group)] - page * kKvPageTokens, 0, kKvPageTokens);
      }
      const int next = std::min(page + 1, last);
      AddPage({Keys(page), Values(page), Keys(next), Values(next)}, {scratch_.blocks, packed_, states, 0});
    }
    for (size_t r = 0; r < c_.rows.size(); ++r) {
      const AttentionRow& row = c_.rows[r];
      if (row.path == 0) continue;
      const int from = std::max(first, row.prefix / kKvPageTokens);
      const int to = std::min((segment + 1) * kSegmentPages, row.position / kKvPageTokens + 1);
      if (from < to) Pack(static_cast<int>(r) * c_.group, scratch_.row_blocks, packed_row_);
      for (int page = from; page < to; ++page) AddGatheredPage(static_cast<int>(r), page, states);
    }
  }

  /// Keys and values of a page, and those wanted next or null.
  template <typename Element>
  struct Page {
    const Element *keys, *values, *next_keys, *next_values;
  };
  /// The queries that see a page: all of the tile, or those of one row.
  struct Seers {
    const std::vector<Block>& blocks;
    const float* packed;
    const TileStates& states;
    int64_t first_query;
  };

  /// Halves become floats once if several blocks read them, and rows of odd length are padded.
  HWY_ATTR void AddPage(const Page<T>& page, const Seers& seers) {
    const bool whole = dim_ % kLanes == 0;
    if (seers.blocks.size() == 1 && whole) return AddElements(page, dim_, seers);
    Page<float> floats{keys_, values_, nullptr, nullptr};
    if constexpr (std::is_same_v<T, float>) {
      floats.keys = page.keys, floats.next_keys = page.next_keys;
      if (whole) return AddElements(page, dim_, seers);
    } else {
      Expand(page.keys, page.next_keys, keys_, int64_t{kKvPageTokens} * dim_);
    }
    for (int p = 0; p < kKvPageTokens; ++p) {
      const T* const next = page.next_values == nullptr ? nullptr : page.next_values + p * dim_;
      Expand(page.values + p * dim_, next, values_ + p * width_, dim_);
    }
    AddElements(floats, width_, seers);
  }

  /// A page of a tree row's positions, brought together as they would lie in a plain sequence.
  HWY_ATTR void AddGatheredPage(int r, int page, const TileStates& states) {
    const AttentionRow& row = c_.rows[static_cast<size_t>(r)];
    const int first = page * kKvPageTokens;
    const int count = std::min(kKvPageTokens, row.position + 1 - first);
    const int stored = std::clamp(row.prefix - first, 0, kKvPageTokens);
    if (stored > 0) {
      std::copy_n(Keys(page), kKvPageTokens * dim_, gathered_keys_);
      std::copy_n(Values(page), stored * dim_, gathered_values_);
    }
    for (int p = stored; p < count; ++p) {
      const int slot = row.SlotOf(first + p), from = slot % kKvPageTokens;
      const T* const key = Keys(slot / kKvPageTokens) + from;
      for (int i = 0; i < dim_; ++i) gathered_keys_[i * kKvPageTokens + p] = key[i * kKvPageTokens];
      std::copy_n(Values(slot / kKvPageTokens) + from * dim_, dim_, gathered_values_ + p * dim_);
    }
    std::fill_n(scratch_.visible.begin(), c_.group, count);
    AddPage({gathered_keys_, gathered_values_, nullptr, nullptr},
            {scratch_.row_blocks, packed_row_, states, int64_t{r} * c_.group});
  }

  static HWY_ATTR void Expand(const T* from, const T* next, float* to, int64_t count) {
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      if (next != nullptr) PrefetchBytes<kLanes * sizeof(T)>(next + i);
      hn::StoreU(Load(from + i), F32(), to + i);
    }
    for (; i < count; ++i) to[i] = One(from[i]);
  }

  /// Scores and weights of all blocks, then the values, so that either stays in the first-level cache.
  template <typename Element>
  HWY_ATTR void AddElements(const Page<Element>& page, int64_t ldv, const Seers& seers) {
    const int vectors = (dim_ + kLanes - 1) / kLanes;
    const auto sees = [this](const Block& block) {
      const auto begin = scratch_.visible.begin() + block.first;
      return *std::max_element(begin, begin + block.queries);
    };
    for (const Block& block : seers.blocks) {
      if (sees(block) == 0) continue;
      const Element* const next = &block == &seers.blocks.front() ? page.next_keys : nullptr;
      float* const scores = scores_ + block.first * kKvPageTokens;
      WithQueries(block.queries,
                  [&](auto n) { PageScores<n>(seers.packed + block.first * dim_, page.keys, next, dim_, scores); });
      for (int q = 0; q < block.queries; ++q) {
        AddPageSoftmax(scores + q * kKvPageTokens, scratch_.visible[static_cast<size_t>(block.first + q)],
                       At(seers.states, seers.first_query + block.first + q), width_);
      }
    }
    for (const Block& block : seers.blocks) {
      const int count = sees(block);
      if (count == 0) continue;
      const Element* const next = &block == &seers.blocks.front() ? page.next_values : nullptr;
      WithQueries(block.queries, [&](auto n) {
        AddPageValues<n>(scores_ + block.first * kKvPageTokens, page.values, next, ldv, count, vectors,
                         seers.states.out(seers.first_query + block.first), width_);
      });
    }
  }

  HWY_ATTR void FoldSegment(int segment, const TileStates& part) {
    for (int q = 0; q < queries_; ++q) {
      if (c_.rows[static_cast<size_t>(q / c_.group)].position < segment * kSegmentTokens) continue;
      Fold(At(total_, q), At(part, q), width_);
    }
  }

  HWY_ATTR void FinishRows() {
    for (int q = 0; q < queries_; ++q) {
      Finish(At(total_, q), dim_, c_.out + q / c_.group * c_.ldo + q % c_.group * dim_);
    }
  }

  const TileCall& c_;
  TileScratch& scratch_;
  const int dim_;
  const int64_t width_;
  const int queries_;
  TileStates total_{}, part_{};
  float *packed_, *packed_row_, *values_, *keys_, *scores_;
  T *gathered_values_, *gathered_keys_;
};

}  // namespace attention

HWY_ATTR void AttendTileTarget(const TileCall& call, TileScratch& scratch) {
  if (call.layout->type == DType::kF32) return attention::Tile<float>(call, scratch).Run();
  attention::Tile<uint16_t>(call, scratch).Run();
}

HWY_ATTR void FoldTileTarget(const TileCall& call, TileScratch& scratch) {
  attention::Tile<float>(call, scratch).FoldAll();
}

}  // namespace retort::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(AttendTileTarget);
HWY_EXPORT(FoldTileTarget);

int64_t TileStateFloats(int queries, int dim) {
  const int64_t floats = queries * (PaddedDim(dim) + kWidestVector + 1);
  return (floats + kWidestVector - 1) / kWidestVector * kWidestVector;
}

void AttendTile(const TileCall& call, TileScratch& scratch) { HWY_DYNAMIC_DISPATCH(AttendTileTarget)(call, scratch); }
void FoldTile(const TileCall& call, TileScratch& scratch) { HWY_DYNAMIC_DISPATCH(FoldTileTarget)(call, scratch); }
}  // namespace retort::cpu
#endif

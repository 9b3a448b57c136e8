#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_float.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "core/ops/cpu/float_tile-inl.h"
#include "core/ops/cpu/matmul_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/group_reader-inl.h"
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR  // plain loops over rows, for processors without vectors

void MatMulFloatTarget(const MatMulCall& c, const FloatRows&, bool, int64_t begin, int64_t end) {
  const GroupedWeight& w = *c.w;
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kFloatGroupRows; n < std::min(end * kFloatGroupRows, w.n); ++n) {
    w.ExpandRow(n, row.data());
    for (int64_t i = 0; i < c.t; ++i) {
      float sum = 0;
      for (int64_t k = 0; k < w.k; ++k) sum += row[static_cast<size_t>(k)] * c.x[i * w.k + k];
      float& out = c.y[i * c.ldy + n];
      out = c.accumulate ? out + sum : sum;
    }
  }
}

void ExpandWeightsTarget(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kFloatGroupRows; n < std::min(end * kFloatGroupRows, w.n); ++n, ++panel) {
    w.ExpandRow(n, row.data());
    for (int64_t i = 0; i < w.k; ++i) panel[i * stride] = row[static_cast<size_t>(i)];
  }
}

#else

constexpr size_t kTileOutputs = kFloatTileVectors * kLanes;
static_assert(kFloatGroupRows % kTileOutputs == 0);

/// How far ahead weights are asked for, in bytes.
constexpr size_t kAhead = 3072;

/// kRows rows, a whole tile of x, by the outputs of a float group from `lane` on. `prefetch`: ask for what comes kAhead
/// later, in the groups after this one too.
template <int kRows, DType kType>
HWY_ATTR void Tile(const MatMulCall& c, const float* x, const void* weights, int64_t unit, size_t lane, int64_t row,
                   bool prefetch) {
  const F32 d;
  const int64_t k = c.w->k;
  using Reader = GroupReader<kType>;
  Reader reader[kFloatTileVectors] = {};
  Unroll<kFloatTileVectors>([&](auto v) RETORT_INLINE { reader[v] = Reader(weights, lane + v * kLanes); });
  VF sum[kFloatTileVectors][kRows];
  Unroll<kFloatTileVectors * kRows>([&](auto i) RETORT_INLINE { sum[i / kRows][i % kRows] = hn::Zero(d); });
  const std::byte* ahead = static_cast<const std::byte*>(weights) + kAhead;
  for (int64_t i = 0; i < k; ++i, x += kRows) {
    if (prefetch) {
      for (size_t byte = 0; byte < Reader::kBytes; byte += 64) hwy::Prefetch(ahead + byte);
      ahead += Reader::kBytes;
    }
    VF w[kFloatTileVectors];
    Unroll<kFloatTileVectors>([&](auto v) RETORT_INLINE {
      reader[v].Begin(i);
      w[v] = reader[v].template Load<0>();
    });
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const VF value = hn::Set(d, x[r]);
      Unroll<kFloatTileVectors>([&](auto v) RETORT_INLINE { sum[v][r] = hn::MulAdd(w[v], value, sum[v][r]); });
    });
  }
  const int64_t output = unit * kFloatGroupRows + static_cast<int64_t>(lane);
  Unroll<kFloatTileVectors * kRows>([&](auto i) RETORT_INLINE {
    const int64_t first = output + i / kRows * static_cast<int64_t>(kLanes);
    float* const y = c.y + (row + i % kRows) * c.ldy;
    if (first < c.w->n) StoreOutputs(sum[i / kRows][i % kRows], y, first, c.w->n, c.accumulate);
  });
}

/// Tile `tile` of the rows by a float group at `weights`.
template <DType kType>
HWY_ATTR void GroupTile(const MatMulCall& c, const FloatRows& rows, int64_t tile, const void* weights, int64_t unit,
                        bool prefetch) {
  const int64_t row = rows.tiles.Begin(tile);
  const float* const x = rows.tiles.rows() == 1 ? c.x : rows.values.data() + row * c.w->k;
  const int size = rows.tiles.Size(tile);
  for (size_t lane = 0; lane < kFloatGroupRows; lane += kTileOutputs) {
    Unroll<kFloatTileRows>([&](auto r) RETORT_INLINE {
      if (size == r + 1) Tile<r + 1, kType>(c, x, weights, unit, lane, row, prefetch && lane == 0);
    });
  }
}

/// A group's weights as floats: one row of outputs for each input, `stride` apart.
template <DType kType>
HWY_ATTR void ExpandGroup(const void* group, int64_t k, float* panel, int64_t stride) {
  using Reader = GroupReader<kType>;
  constexpr size_t kRows = Reader::kInputs > 1 ? kGroupRows : kFloatGroupRows;
  for (size_t lane = 0; lane < kRows; lane += kLanes) {
    Reader reader(group, lane);
    for (int64_t step = 0; step < k / Reader::kInputs; ++step) {
      reader.Begin(step);
      Unroll<Reader::kInputs>([&](auto input) RETORT_INLINE {
        constexpr int kInput = decltype(input)::value;
        hn::StoreU(reader.template Load<kInput>(), F32(), panel + (step * Reader::kInputs + kInput) * stride + lane);
      });
    }
  }
}

/// A unit of kFloatGroupRows outputs as floats: a float group, or two groups of a quantised type.
template <DType kType>
HWY_ATTR void ExpandUnit(const GroupedWeight& w, int64_t unit, float* panel, int64_t stride) {
  if constexpr (GroupReader<kType>::kInputs == 1) return ExpandGroup<kType>(w.Group(unit), w.k, panel, stride);
  for (int64_t group = unit * 2; group < std::min(unit * 2 + 2, w.group_count()); ++group, panel += kGroupRows) {
    ExpandGroup<kType>(w.Group(group), w.k, panel, stride);
  }
}

/// From this many tiles on it pays to make floats of half floats once for all of them.
constexpr int64_t kExpandTiles = 3;

template <DType kType>
HWY_ATTR void Units(const MatMulCall& c, const FloatRows& x, bool prefetch, int64_t begin, int64_t end) {
  constexpr bool kFloats = GroupReader<kType>::kInputs == 1;
  const bool expand = kType != DType::kF32 && (!kFloats || x.tiles.count() >= kExpandTiles);
  thread_local std::vector<float> panel;
  const auto panel_size = static_cast<size_t>(c.w->k * kFloatGroupRows);
  if (expand && panel.size() < panel_size) panel.resize(panel_size);
  for (int64_t unit = begin; unit < end; ++unit) {
    if (expand) ExpandUnit<kType>(*c.w, unit, panel.data(), kFloatGroupRows);
    for (int64_t tile = 0; tile < x.tiles.count(); ++tile) {
      if (expand) {
        GroupTile<DType::kF32>(c, x, tile, panel.data(), unit, false);
      } else if constexpr (kFloats) {
        GroupTile<kType>(c, x, tile, c.w->Group(unit), unit, prefetch && tile == 0);
      }
    }
  }
}

HWY_ATTR void MatMulFloatTarget(const MatMulCall& c, const FloatRows& x, bool prefetch, int64_t begin, int64_t end) {
  switch (c.w->type) {
    case DType::kF32: return Units<DType::kF32>(c, x, prefetch, begin, end);
    case DType::kF16: return Units<DType::kF16>(c, x, prefetch, begin, end);
    case DType::kBF16: return Units<DType::kBF16>(c, x, prefetch, begin, end);
    case DType::kQ8_0: return Units<DType::kQ8_0>(c, x, prefetch, begin, end);
    case DType::kQ4_0: return Units<DType::kQ4_0>(c, x, prefetch, begin, end);
    case DType::kQ4_1: return Units<DType::kQ4_1>(c, x, prefetch, begin, end);
    case DType::kQ5_0: return Units<DType::kQ5_0>(c, x, prefetch, begin, end);
    case DType::kQ5_1: return Units<DType::kQ5_1>(c, x, prefetch, begin, end);
    case DType::kQ4_K: return Units<DType::kQ4_K>(c, x, prefetch, begin, end);
    case DType::kQ5_K: return Units<DType::kQ5_K>(c, x, prefetch, begin, end);
    case DType::kQ6_K: return Units<DType::kQ6_K>(c, x, prefetch, begin, end);
    case DType::kI32: return;
  }
}

template <DType kType>
HWY_ATTR void Expand(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  for (int64_t unit = begin; unit < end; ++unit, panel += kFloatGroupRows) {
    ExpandUnit<kType>(w, unit, panel, stride);
  }
}

HWY_ATTR void ExpandWeightsTarget(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  switch (w.type) {
    case DType::kF32: return Expand<DType::kF32>(w, begin, end, panel, stride);
    case DType::kF16: return Expand<DType::kF16>(w, begin, end, panel, stride);
    case DType::kBF16: return Expand<DType::kBF16>(w, begin, end, panel, stride);
    case DType::kQ8_0: return Expand<DType::kQ8_0>(w, begin, end, panel, stride);
    case DType::kQ4_0: return Expand<DType::kQ4_0>(w, begin, end, panel, stride);
    case DType::kQ4_1: return Expand<DType::kQ4_1>(w, begin, end, panel, stride);
    case DType::kQ5_0: return Expand<DType::kQ5_0>(w, begin, end, panel, stride);
    case DType::kQ5_1: return Expand<DType::kQ5_1>(w, begin, end, panel, stride);
    case DType::kQ4_K: return Expand<DType::kQ4_K>(w, begin, end, panel, stride);
    case DType::kQ5_K: return Expand<DType::kQ5_K>(w, begin, end, panel, stride);
    case DType::kQ6_K: return Expand<DType::kQ6_K>(w, begin, end, panel, stride);
    case DType::kI32: return;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulFloatTarget);
HWY_EXPORT(ExpandWeightsTarget);

void MatMulFloat(const MatMulCall& call, const FloatRows& x, bool prefetch, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(MatMulFloatTarget)(call, x, prefetch, begin, end);
}
void ExpandWeights(const GroupedWeight& w, int64_t begin, int64_t end, float* panel, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(ExpandWeightsTarget)(w, begin, end, panel, stride);
}
}  // namespace retort::cpu
#endif

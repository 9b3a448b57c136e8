#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_quantised.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/quantised_format-inl.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/quantised_sources-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR  // plain loops over rows, for processors without vectors

/// Element k of the row at `column` of a tile of `rows`.
int Activation(const QuantisedRows& x, DType weights, int64_t tile_begin, int rows, int column, int64_t k) {
  const int64_t four = tile_begin + (k / 4 * rows + column) * 4;
  if (!WideActivations(weights)) return x.q[static_cast<size_t>(four + k % 4)];
  constexpr int kPlace[] = {0, 2, 1, 3};
  return reinterpret_cast<const int16_t*>(x.q.data())[four + kPlace[k % 4]];
}

void MatMulQuantisedTarget(const MatMulCall& c, const QuantisedRows& x, bool, int64_t begin, int64_t end) {
  const GroupedWeight& w = *c.w;
  std::vector<float> weights(static_cast<size_t>(w.k));
  for (int64_t n = begin * kGroupRows; n < std::min(end * kGroupRows, w.n); ++n) {
    w.ExpandRow(n, weights.data());
    for (int64_t tile = 0; tile < x.tiles.count(); ++tile) {
      const int64_t first = x.tiles.Begin(tile);
      const int rows = x.tiles.Size(tile);
      for (int r = 0; r < rows; ++r) {
        float sum = 0;
        for (int64_t k = 0; k < w.k; ++k) {
          const float scale = x.scale[static_cast<size_t>(first * (w.k / kQuantBlock) + k / kQuantBlock * rows + r)];
          const int q = Activation(x, w.type, first * w.k, rows, r, k);
          sum += weights[static_cast<size_t>(k)] * scale * static_cast<float>(q);
        }
        float& out = c.y[(first + r) * c.ldy + n];
        out = c.accumulate ? out + sum : sum;
      }
    }
  }
}

#else

/// The 32 bits at p in every lane.
HWY_INLINE VI Broadcast(const int8_t* p) {
  int32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return hn::Set(I32(), bits);
}
HWY_INLINE hn::Vec<Dot8> BroadcastFour(const int8_t* p) { return hn::BitCast(Dot8(), Broadcast(p)); }

/// Sums of a half of a block (or of all of it) by byte dots, on top of what `sums` holds.
template <int kHalf, int kRows, typename Source>
HWY_INLINE void DotSums(const Source& w, const int8_t* x, VI (&sums)[kRows]) {
  constexpr int kFours = 8 / Source::kHalves;
  Unroll<kFours>([&](auto i) RETORT_INLINE {
    constexpr int kFour = kHalf * kFours + decltype(i)::value;
    const auto four = w.template Four<kFour>();
    Unroll<kRows>([&](auto r) RETORT_INLINE { sums[r] = ByteDot(sums[r], four, x + (kFour * kRows + r) * 4); });
  });
}

/// The same by sums of pairs in 16 bits. A weight times a byte, paired, is at most 2 * 127 times the largest integer;
/// as many pairs are added in 16 bits as fit: eight of 15, four of 31, two of 63.
template <int kHalf, int kRows, typename Source>
HWY_INLINE void PairedSums(const Source& w, const int8_t* x, VI (&sums)[kRows]) {
  constexpr int kFours = 8 / Source::kHalves;
  constexpr int kPairs = Source::kLevels == 15 ? 8 : Source::kLevels == 31 ? 4 : 2;
  hn::Vec<Dot16> sum[kRows];
  Unroll<kFours>([&](auto i) RETORT_INLINE {
    constexpr int kFour = kHalf * kFours + decltype(i)::value;
    const auto four = w.template Four<kFour>();
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const auto pairs = BytePairSums(four, BroadcastFour(x + (kFour * kRows + r) * 4));
      sum[r] = kFour % kPairs == 0 ? pairs : hn::Add(sum[r], pairs);
      if constexpr (kFour % kPairs == kPairs - 1) sums[r] = hn::Add(sums[r], PairSums(sum[r], hn::Set(Dot16(), 1)));
    });
  });
}

/// Bytes against 16 bits: the even bytes of a four, then the odd ones. A sum of 32 products is within 32 bits.
template <int kRows, typename Source>
HWY_INLINE void WideSums(const Source& w, const int8_t* x, VI (&sums)[kRows]) {
  const Dot16 d16;
  Unroll<8>([&](auto i) RETORT_INLINE {
    constexpr int kFour = decltype(i)::value;
    const auto four = hn::BitCast(hn::RebindToUnsigned<Dot16>(), w.template Four<kFour>());
    const auto even = hn::BitCast(d16, hn::And(four, hn::Set(hn::RebindToUnsigned<Dot16>(), 255)));
    const auto odd = hn::BitCast(d16, hn::ShiftRight<8>(four));
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const int8_t* const at = x + (kFour * kRows + r) * 8;
      sums[r] = hn::Add(sums[r], PairSums(even, hn::BitCast(d16, Broadcast(at))));
      sums[r] = hn::Add(sums[r], PairSums(odd, hn::BitCast(d16, Broadcast(at + 4))));
    });
  });
}

/// kRows rows, a whole tile of x, by the outputs of a group from `lane` on.
template <int kRows, typename Source>
HWY_ATTR void Tile(const MatMulCall& c, const QuantisedRows& x, Source source, int64_t group, size_t lane,
                   int64_t tile) {
  const F32 df;
  const int64_t k = c.w->k, blocks = k / kQuantBlock, row = x.tiles.Begin(tile);
  constexpr int kHalves = Source::kHalves;
  constexpr int kBlockBytes = kQuantBlock * kRows * (Source::kWide ? 2 : 1);
  const int8_t* q = x.q.data() + row * k * (Source::kWide ? 2 : 1);
  const float* scale = x.scale.data() + row * blocks;
  const float* const total = x.total.data() + row * blocks;
  const int32_t* const start = x.start.data() + row * blocks * kHalves;
  VF sum[kRows];
  Unroll<kRows>([&](auto r) RETORT_INLINE { sum[r] = hn::Zero(df); });
  for (int64_t block = 0; block < blocks; ++block, q += kBlockBytes, scale += kRows) {
    source.Prefetch(block);
    source.Begin(block);
    Unroll<kHalves>([&](auto h) RETORT_INLINE {
      constexpr int kHalf = decltype(h)::value;
      VI sums[kRows];
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        sums[r] = Source::kHasMinimum ? hn::Zero(I32()) : hn::Set(I32(), start[(block * kHalves + kHalf) * kRows + r]);
      });
      if constexpr (Source::kWide) {
        WideSums<kRows>(source, q, sums);
      } else if constexpr (kHasByteDot) {
        DotSums<kHalf, kRows>(source, q, sums);
      } else {
        PairedSums<kHalf, kRows>(source, q, sums);
      }
      const VF d = source.template Factor<kHalf>();
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        sum[r] = hn::MulAdd(hn::ConvertTo(df, sums[r]), hn::Mul(d, hn::Set(df, scale[r])), sum[r]);
      });
    });
    if constexpr (Source::kHasMinimum) {
      const VF minimum = source.Minimum();
      Unroll<kRows>([&](auto r)
                        RETORT_INLINE { sum[r] = hn::MulAdd(minimum, hn::Set(df, total[block * kRows + r]), sum[r]); });
    }
  }
  const int64_t output = group * kGroupRows + static_cast<int64_t>(lane);
  Unroll<kRows>([&](auto r)
                    RETORT_INLINE { StoreOutputs(sum[r], c.y + (row + r) * c.ldy, output, c.w->n, c.accumulate); });
}

/// Calls fn.operator()<rows>() with the rows of a tile, a constant of kLeast at least.
template <int kLeast, typename Fn>
HWY_INLINE void WithRows(int rows, const Fn& fn) {
  Unroll<kQuantisedTileRows - kLeast + 1>([&](auto i) RETORT_INLINE {
    constexpr int kRows = kLeast + decltype(i)::value;
    if (rows == kRows) fn.template operator()<kRows>();
  });
}

/// One tile of rows by one group, each vector of its outputs in turn. The first fetches `ahead`.
template <typename Source, int kRows, typename Weights>
HWY_ATTR void GroupTile(const MatMulCall& c, const QuantisedRows& x, const Weights* weights, Ahead ahead, int64_t group,
                        int64_t tile) {
  for (size_t lane = 0; lane < kGroupRows; lane += kLanes, ahead = {}) {
    Tile<kRows>(c, x, Source(weights, lane, ahead), group, lane, tile);
  }
}

/// From this many tiles on it pays to unpack a group once for all of them.
constexpr int64_t kPanelTiles = 3;
constexpr int kLeastPanelRows = (kPanelTiles - 1) * kQuantisedTileRows / kPanelTiles;  // of RowTiles of that many

template <DType kType>
HWY_ATTR void Groups(const MatMulCall& c, const QuantisedRows& x, bool prefetch, int64_t begin, int64_t end) {
  const bool unpack = x.tiles.count() >= kPanelTiles;
  const int64_t blocks = c.w->k / kQuantBlock;
  thread_local std::vector<PanelBlock> panel;
  if (unpack && panel.size() < static_cast<size_t>(blocks)) panel.resize(static_cast<size_t>(blocks));
  for (int64_t group = begin; group < end; ++group) {
    const std::byte* const weights = c.w->Group(group);
    Ahead ahead{prefetch && group + 1 < end ? c.w->Group(group + 1) : nullptr};
    if (unpack) FillPanel<kType>(weights, blocks, panel.data());
    for (int64_t tile = 0; tile < x.tiles.count(); ++tile, ahead = {}) {
      if (unpack) {
        using Source = PanelSource<TraitsOf<kType>, kPartBytes<typename GroupOf<kType>::Type> >;
        WithRows<kLeastPanelRows>(
            x.tiles.Size(tile), [&]<int kRows>() { GroupTile<Source, kRows>(c, x, panel.data(), ahead, group, tile); });
      } else {
        WithRows<1>(x.tiles.Size(tile),
                    [&]<int kRows>() { GroupTile<GroupSource<kType>, kRows>(c, x, weights, ahead, group, tile); });
      }
    }
  }
}

HWY_ATTR void MatMulQuantisedTarget(const MatMulCall& c, const QuantisedRows& x, bool prefetch, int64_t begin,
                                    int64_t end) {
  switch (c.w->type) {
    case DType::kQ8_0: return Groups<DType::kQ8_0>(c, x, prefetch, begin, end);
    case DType::kQ4_0: return Groups<DType::kQ4_0>(c, x, prefetch, begin, end);
    case DType::kQ4_1: return Groups<DType::kQ4_1>(c, x, prefetch, begin, end);
    case DType::kQ5_0: return Groups<DType::kQ5_0>(c, x, prefetch, begin, end);
    case DType::kQ5_1: return Groups<DType::kQ5_1>(c, x, prefetch, begin, end);
    case DType::kQ4_K: return Groups<DType::kQ4_K>(c, x, prefetch, begin, end);
    case DType::kQ5_K: return Groups<DType::kQ5_K>(c, x, prefetch, begin, end);
    case DType::kQ6_K: return Groups<DType::kQ6_K>(c, x, prefetch, begin, end);
    default: return;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulQuantisedTarget);

void MatMulQuantised(const MatMulCall& call, const QuantisedRows& x, bool prefetch, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(MatMulQuantisedTarget)(call, x, prefetch, begin, end);
}
}  // namespace retort::cpu
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_quantised.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "core/ops/cpu/matmul_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/group_parts-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR  // plain loops over rows, for processors without vectors

void MatMulQuantisedTarget(const MatMulCall& c, const QuantisedRows& x, int64_t begin, int64_t end) {
  const GroupedWeight& w = *c.w;
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kGroupRows; n < std::min(end * kGroupRows, w.n); ++n) {
    w.ExpandRow(n, row.data());
    for (int64_t i = 0; i < c.t; ++i) {
      float sum = 0;
      for (int64_t k = 0; k < w.k; ++k) {
        const auto at = static_cast<size_t>(i * w.k + k);
        const int q = w.type == DType::kQ8_0 ? x.q16[at] : x.q8[at];
        sum += row[static_cast<size_t>(k)] * x.scale[at / kQuantBlock] * static_cast<float>(q);
      }
      float& out = c.y[i * c.ldy + n];
      out = c.accumulate ? out + sum : sum;
    }
  }
}

#else

/// The 32 bits at p in every lane.
template <typename T>
HWY_INLINE VI Broadcast(const T* p) {
  int32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return hn::Set(I32(), bits);
}

/// What multiplies the sums of pairs of a half of a block: q6_k's scale of that half, else 1.
template <int kHalf, typename Part>
HWY_INLINE hn::Vec<Dot16> HalfScale(const Part&, size_t) {
  return hn::Set(Dot16(), 1);
}
HWY_INLINE hn::Vec<Dot16> BothScales(const GroupQ6_K::Part& part, size_t lane) {
  const hn::Rebind<int8_t, Dot16> bytes;
  return hn::PromoteTo(Dot16(), hn::LoadU(bytes, part.scale[lane]));
}
template <int kHalf>
HWY_INLINE hn::Vec<Dot16> HalfScale(const GroupQ6_K::Part& part, size_t lane) {
  const auto both = hn::BitCast(hn::RebindToUnsigned<Dot32>(), BothScales(part, lane));
  const auto low = kHalf == 0 ? hn::ShiftRight<16>(hn::ShiftLeft<16>(both)) : hn::ShiftRight<16>(both);
  return hn::BitCast(Dot16(), hn::Or(low, hn::ShiftLeft<16>(low)));
}

/// The sums of a block's products in the lanes of a group, for kRows rows of activations `stride` apart.
/// A weight times a byte, paired, is at most 2 * 127 times the largest integer; as many pairs are added in 16 bits as
/// fit: eight of 15, four of 31, two of 63. Halves with a scale of their own come one after the other.
template <int kRows, typename Part>
HWY_INLINE void PartSums(const Part& w, size_t lane, const int8_t* x, int64_t stride, VI (&sums)[kRows]) {
  constexpr bool kScaled = std::is_same_v<Part, GroupQ6_K::Part>, kFifths = requires { w.high; };
  constexpr int kPairs = kScaled ? 2 : kFifths ? 4 : 8;
  hn::Vec<Dot16> sum[kRows];
  Unroll<8>([&](auto step) RETORT_INLINE {
    constexpr int kFour = kScaled ? step % 4 : step / 2, kHalf = kScaled ? step / 4 : step % 2;
    const auto four = LoadFour<kFour, kHalf>(w, lane);
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const int8_t* const at = x + r * stride + kHalf * 16 + kFour * 4;
      const auto pairs = BytePairSums(four, hn::BitCast(Dot8(), Broadcast(at)));
      sum[r] = step % kPairs == 0 ? pairs : hn::Add(sum[r], pairs);
      if constexpr (step % kPairs == kPairs - 1) {
        const auto whole = PairSums(sum[r], HalfScale<kHalf>(w, lane));
        sums[r] = step < kPairs ? whole : hn::Add(sums[r], whole);
      }
    });
  });
}

template <int kRows>
HWY_INLINE void ByteSums(const int8_t (*q)[kGroupRows][2], size_t lane, const int16_t* x, int64_t stride,
                         VI (&sums)[kRows]) {
  const Dot16 d16;
  const hn::Rebind<int8_t, Dot16> bytes;
  Unroll<16>([&](auto i) RETORT_INLINE {
    const auto w = hn::PromoteTo(d16, hn::LoadU(bytes, q[i][lane]));
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const auto sum = PairSums(w, hn::BitCast(d16, Broadcast(x + r * stride + i * 2)));
      if constexpr (i == 0) {
        sums[r] = sum;
      } else {
        sums[r] = hn::Add(sums[r], sum);
      }
    });
  });
}

template <int kRows>
HWY_INLINE void BlockSums(const GroupQ8_0& w, size_t lane, const QuantisedRows& x, int64_t at, int64_t k,
                          VI (&sums)[kRows]) {
  ByteSums<kRows>(w.q, lane, x.q16.data() + at, k, sums);
}
template <int kRows>
HWY_INLINE void BlockSums(const GroupQ6_K::Part& w, size_t lane, const QuantisedRows& x, int64_t at, int64_t k,
                          VI (&sums)[kRows]) {
  PartSums<kRows>(w, lane, x.q8.data() + at, k, sums);
  const int16_t* const half_sum = x.half_sum.data() + at / 16;
  const auto scales = BothScales(w, lane);
  Unroll<kRows>([&](auto r) RETORT_INLINE {  // q - 32
    const auto total = PairSums(scales, hn::BitCast(Dot16(), Broadcast(half_sum + r * (k / 16))));
    sums[r] = hn::Sub(sums[r], hn::ShiftLeft<5>(total));
  });
}
template <int kRows, typename Part>
HWY_INLINE void BlockSums(const Part& w, size_t lane, const QuantisedRows& x, int64_t at, int64_t k,
                          VI (&sums)[kRows]) {
  PartSums<kRows>(w, lane, x.q8.data() + at, k, sums);
}

/// kRows rows by one group.
template <typename Group, int kRows>
HWY_ATTR void Tile(const MatMulCall& c, const QuantisedRows& x, int64_t group, size_t lane, int64_t row) {
  const F32 df;
  const int64_t k = c.w->k, blocks = k / kQuantBlock;
  const auto* const weights = reinterpret_cast<const Group*>(c.w->Group(group));
  const float* const scale = x.scale.data() + row * blocks;
  const float* const total = x.sum.data() + row * blocks;
  VF sum[kRows];
  Unroll<kRows>([&](auto r) RETORT_INLINE { sum[r] = hn::Zero(df); });
  for (int64_t block = 0; block < blocks; ++block) {
    PrefetchAhead<kPartBytes<Group> >(weights, block);
    VI sums[kRows];
    BlockSums<kRows>(PartAt(weights, block), lane, x, row * k + block * kQuantBlock, k, sums);
    const VF d = Scale(weights, block, lane);
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const VF factor = hn::Mul(d, hn::Set(df, scale[r * blocks + block]));
      sum[r] = hn::MulAdd(hn::ConvertTo(df, sums[r]), factor, sum[r]);
    });
    if constexpr (!std::is_same_v<Group, GroupQ8_0> && !std::is_same_v<Group, GroupQ6_K>) {
      const VF offset = Offset(weights, block, lane, d);
      Unroll<kRows>([&](auto r)
                        RETORT_INLINE { sum[r] = hn::MulAdd(offset, hn::Set(df, total[r * blocks + block]), sum[r]); });
    }
  }
  const int64_t output = group * kGroupRows + static_cast<int64_t>(lane);
  Unroll<kRows>([&](auto r)
                    RETORT_INLINE { StoreOutputs(sum[r], c.y + (row + r) * c.ldy, output, c.w->n, c.accumulate); });
}

template <typename Group>
HWY_ATTR void Groups(const MatMulCall& c, const QuantisedRows& x, int64_t begin, int64_t end) {
  for (int64_t group = begin; group < end; ++group) {
    for (size_t lane = 0; lane < kGroupRows; lane += kLanes) {
      int64_t row = 0;
      for (; row + 4 <= c.t; row += 4) Tile<Group, 4>(c, x, group, lane, row);
      switch (c.t - row) {
        case 1: Tile<Group, 1>(c, x, group, lane, row); break;
        case 2: Tile<Group, 2>(c, x, group, lane, row); break;
        case 3: Tile<Group, 3>(c, x, group, lane, row); break;
        default: break;
      }
    }
  }
}

HWY_ATTR void MatMulQuantisedTarget(const MatMulCall& c, const QuantisedRows& x, int64_t begin, int64_t end) {
  switch (c.w->type) {
    case DType::kQ8_0: return Groups<GroupQ8_0>(c, x, begin, end);
    case DType::kQ4_0: return Groups<GroupQ4_0>(c, x, begin, end);
    case DType::kQ4_1: return Groups<GroupQ4_1>(c, x, begin, end);
    case DType::kQ5_0: return Groups<GroupQ5_0>(c, x, begin, end);
    case DType::kQ5_1: return Groups<GroupQ5_1>(c, x, begin, end);
    case DType::kQ4_K: return Groups<GroupQ4_K>(c, x, begin, end);
    case DType::kQ5_K: return Groups<GroupQ5_K>(c, x, begin, end);
    case DType::kQ6_K: return Groups<GroupQ6_K>(c, x, begin, end);
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

void MatMulQuantised(const MatMulCall& call, const QuantisedRows& x, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(MatMulQuantisedTarget)(call, x, begin, end);
}
}  // namespace retort::cpu
#endif

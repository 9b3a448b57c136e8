#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_quantised.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/ops/cpu/matmul_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/int_dot-inl.h"
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR  // plain loops over the GGUF rows, for processors without vectors

void MatMulQuantisedTarget(const MatMulCall& c, const QuantisedRows& x, int64_t begin, int64_t end) {
  const GroupedWeight& w = *c.w;
  std::vector<float> row(static_cast<size_t>(w.k));
  for (int64_t n = begin * kGroupRows; n < std::min(end * kGroupRows, w.n); ++n) {
    DequantiseRow(w.type, w.Row(n), row.data(), w.k);
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

template <int kLevels, typename T>
void QuantiseBlock(const float* values, T* q, float* scale, float* sum) {
  float top = 0;
  for (int i = 0; i < kQuantBlock; ++i) top = std::max(top, std::fabs(values[i]));
  const float inverse = top > 0 ? kLevels / top : 0;
  int total = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    q[i] = static_cast<T>(std::nearbyint(values[i] * inverse));
    total += q[i];
  }
  *scale = top / kLevels;
  *sum = *scale * static_cast<float>(total);
}

#else

/// The 32 bits at p in every lane.
template <typename T>
HWY_INLINE VI Broadcast(const T* p) {
  int32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return hn::Set(I32(), bits);
}

/// The sums of a block's products in the lanes of a group, for kRows rows of activations `stride` apart.
/// A 4-bit weight times a byte, paired, is at most 2 * 15 * 127; eight of them fit into 16 bits.
template <int kRows>
HWY_INLINE void NibbleSums(const uint8_t (*q)[kGroupRows][4], size_t lane, const int8_t* x, int64_t stride,
                           VI (&sums)[kRows]) {
  const Dot16 d16;
  const Dot8 d8;
  hn::Vec<Dot16> sum[kRows];
  Unroll<4>([&](auto i) RETORT_INLINE {
    const auto bytes = hn::LoadU(d8, q[i][lane]);
    const auto low = hn::And(bytes, hn::Set(d8, 15));
    const auto high = hn::And(hn::BitCast(d8, hn::ShiftRight<4>(hn::BitCast(d16, bytes))), hn::Set(d8, 15));
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const int8_t* const at = x + r * stride + i * 4;
      const auto first = BytePairSums(low, hn::BitCast(d8, Broadcast(at)));
      const auto second = BytePairSums(high, hn::BitCast(d8, Broadcast(at + 16)));
      if constexpr (i == 0) {
        sum[r] = hn::Add(first, second);
      } else {
        sum[r] = hn::Add(sum[r], hn::Add(first, second));
      }
    });
  });
  Unroll<kRows>([&](auto r) RETORT_INLINE { sums[r] = PairSums(sum[r], hn::Set(d16, 1)); });
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
template <int kRows, typename Group>
HWY_INLINE void BlockSums(const Group& w, size_t lane, const QuantisedRows& x, int64_t at, int64_t k,
                          VI (&sums)[kRows]) {
  NibbleSums<kRows>(w.q, lane, x.q8.data() + at, k, sums);
}

/// What a unit of the activations' sum adds: the block's smallest weight.
HWY_INLINE VF Offset(const GroupQ4_0&, VF d, size_t) { return hn::Mul(d, hn::Set(F32(), -8.0f)); }
HWY_INLINE VF Offset(const GroupQ4_1& w, VF, size_t lane) { return LoadHalves(w.m, lane); }

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
    const Group& w = weights[block];
    PrefetchAhead<sizeof(Group)>(weights, block);
    VI sums[kRows];
    BlockSums<kRows>(w, lane, x, row * k + block * kQuantBlock, k, sums);
    const VF d = LoadHalves(w.d, lane);
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const VF factor = hn::Mul(d, hn::Set(df, scale[r * blocks + block]));
      sum[r] = hn::MulAdd(hn::ConvertTo(df, sums[r]), factor, sum[r]);
    });
    if constexpr (!std::is_same_v<Group, GroupQ8_0>) {
      const VF offset = Offset(w, d, lane);
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
    default: return;
  }
}

/// One block: rounded to [-kLevels, kLevels].
template <int kLevels, typename T>
HWY_INLINE void QuantiseBlock(const float* values, T* q, float* scale, float* sum) {
  const F32 d;
  const I32 di;
  const hn::Rebind<T, F32> dt;
  VF largest = hn::Zero(d);
  for (size_t i = 0; i < kQuantBlock; i += kLanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + i)));
  const float top = hn::GetLane(hn::MaxOfLanes(d, largest));
  const VF inverse = hn::Set(d, top > 0 ? kLevels / top : 0);
  VI total = hn::Zero(di);
  for (size_t i = 0; i < kQuantBlock; i += kLanes) {
    const VI rounded = hn::NearestInt(hn::Mul(hn::LoadU(d, values + i), inverse));
    total = hn::Add(total, rounded);
    hn::StoreU(hn::DemoteTo(dt, rounded), dt, q + i);
  }
  *scale = top / kLevels;
  *sum = *scale * static_cast<float>(hn::GetLane(hn::SumOfLanes(di, total)));
}

#endif  // HWY_TARGET == HWY_SCALAR

HWY_ATTR void QuantiseRowsTarget(const float* x, DType weights, int64_t k, int64_t begin, int64_t end,
                                 QuantisedRows* out) {
  const int64_t blocks = k / kQuantBlock;
  for (int64_t block = begin * blocks; block < end * blocks; ++block) {
    const int64_t at = block * kQuantBlock;
    float* const scale = out->scale.data() + block;
    float* const sum = out->sum.data() + block;
    if (weights == DType::kQ8_0) {
      QuantiseBlock<32767>(x + at, out->q16.data() + at, scale, sum);
    } else {
      QuantiseBlock<127>(x + at, out->q8.data() + at, scale, sum);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulQuantisedTarget);
HWY_EXPORT(QuantiseRowsTarget);

void QuantisedRows::Resize(DType weights, int64_t t, int64_t k) {
  const auto elements = static_cast<size_t>(t * k);
  if (weights == DType::kQ8_0) {
    q16.resize(elements);
  } else {
    q8.resize(elements);
  }
  scale.resize(elements / kQuantBlock);
  sum.resize(elements / kQuantBlock);
}

void MatMulQuantised(const MatMulCall& call, const QuantisedRows& x, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(MatMulQuantisedTarget)(call, x, begin, end);
}

void QuantiseRows(const float* x, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* out) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowsTarget)(x, weights, k, begin, end, out);
}
}  // namespace retort::cpu
#endif

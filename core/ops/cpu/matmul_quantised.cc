#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_quantised.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/weight_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

using I16 = hn::CappedTag<int16_t, 32>;
using I32 = hn::Repartition<int32_t, I16>;
using F32Sum = hn::Repartition<float, I16>;
constexpr size_t kWords = hn::MaxLanes(I16());  // 16-bit lanes: a block of 32 is 32 / kWords vectors
constexpr size_t kVectors = 32 / kWords;

/// The integers of a weight block as 16-bit vectors, its scale, and what is added per unit of the activations' sum.
struct Expanded {
  hn::Vec<I16> q[kVectors];
  float scale = 0, offset = 0;
};

inline HWY_ATTR void ExpandNibbles(const uint8_t* q, Expanded* out) {
  const I16 d;  // elements 0-15 are low nibbles, 16-31 high ones
#if HWY_MAX_BYTES >= 64
  const hn::Half<I16> dh;
  const hn::Rebind<uint8_t, decltype(dh)> db;
  const auto bytes = hn::PromoteTo(dh, hn::LoadU(db, q));
  out->q[0] = hn::Combine(d, hn::ShiftRight<4>(bytes), hn::And(bytes, hn::Set(dh, 15)));
#else
  const hn::Rebind<uint8_t, I16> db;
  for (size_t v = 0; v < kVectors; ++v) {
    const size_t first = v * kWords;
    const auto bytes = hn::PromoteTo(d, hn::LoadU(db, q + first % 16));
    out->q[v] = first < 16 ? hn::And(bytes, hn::Set(d, 15)) : hn::ShiftRight<4>(bytes);
  }
#endif
}

inline HWY_ATTR void ExpandBlock(const BlockQ8_0& b, Expanded* out) {
  const I16 d;
  const hn::Rebind<int8_t, I16> db;
  for (size_t v = 0; v < kVectors; ++v) out->q[v] = hn::PromoteTo(d, hn::LoadU(db, b.q + v * kWords));
  out->scale = Half(b.d);
}
inline HWY_ATTR void ExpandBlock(const BlockQ4_0& b, Expanded* out) {
  ExpandNibbles(b.q, out);
  out->scale = Half(b.d);
  out->offset = -8 * out->scale;
}
inline HWY_ATTR void ExpandBlock(const BlockQ4_1& b, Expanded* out) {
  ExpandNibbles(b.q, out);
  out->scale = Half(b.d);
  out->offset = Half(b.m);
}

/// Outputs of kWide weight rows for kRows activation rows.
template <typename Block, int kWide, int kRows>
HWY_ATTR HWY_INLINE void Tile(const Block* weights, int64_t blocks, const QuantisedRows& x, int64_t row, float* y, int64_t ldy,
                              bool accumulate) {
  const I16 d;
  const I32 di;
  const F32Sum df;
  constexpr bool kHasOffset = !std::is_same_v<Block, BlockQ8_0>;
  hn::Vec<F32Sum> sum[kWide][kRows];
  float offset[kWide][kRows] = {};
  for (int w = 0; w < kWide; ++w) {
    for (int r = 0; r < kRows; ++r) sum[w][r] = hn::Zero(df);
  }
  const int16_t* const q = x.q.data() + row * blocks * 32;
  const float* const scale = x.scale.data() + row * blocks;
  const float* const total = x.sum.data() + row * blocks;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int w = 0; w < kWide; ++w) {
      Expanded e;
      ExpandBlock(weights[w * blocks + block], &e);
      for (int r = 0; r < kRows; ++r) {
        const int16_t* const xq = q + (r * blocks + block) * 32;
        auto low = hn::Zero(di), high = hn::Zero(di);
        for (size_t v = 0; v < kVectors; ++v) {
          low = hn::ReorderWidenMulAccumulate(di, e.q[v], hn::LoadU(d, xq + v * kWords), low, high);
        }
        const float factor = e.scale * scale[r * blocks + block];
        sum[w][r] = hn::MulAdd(hn::ConvertTo(df, hn::Add(low, high)), hn::Set(df, factor), sum[w][r]);
        if constexpr (kHasOffset) offset[w][r] += e.offset * total[r * blocks + block];
      }
    }
  }
  for (int w = 0; w < kWide; ++w) {
    for (int r = 0; r < kRows; ++r) {
      const float value = hn::GetLane(hn::SumOfLanes(df, sum[w][r])) + offset[w][r];
      float& out = y[r * ldy + w];
      out = accumulate ? out + value : value;
    }
  }
}

template <typename Block, int kWide>
HWY_ATTR void Strip(const MatMulPart& p, const QuantisedRows& x, int64_t n) {
  const int64_t blocks = p.k / 32;
  const Block* const w = static_cast<const Block*>(p.weights) + n * blocks;
  int64_t i = 0;
  for (; i + 4 <= p.t; i += 4) Tile<Block, kWide, 4>(w, blocks, x, i, p.y + i * p.ldy + n, p.ldy, p.accumulate);
  for (; i + 2 <= p.t; i += 2) Tile<Block, kWide, 2>(w, blocks, x, i, p.y + i * p.ldy + n, p.ldy, p.accumulate);
  for (; i < p.t; ++i) Tile<Block, kWide, 1>(w, blocks, x, i, p.y + i * p.ldy + n, p.ldy, p.accumulate);
}

template <typename Block>
HWY_ATTR void Rows(const MatMulPart& p, const QuantisedRows& x) {
  int64_t n = p.n_begin;
  if (p.t == 1) {
    for (; n + 4 <= p.n_end; n += 4) Strip<Block, 4>(p, x, n);
  }
  for (; n < p.n_end; ++n) Strip<Block, 1>(p, x, n);
}

HWY_ATTR void MatMulQuantisedTarget(const MatMulPart& p, const QuantisedRows& x) {
  switch (p.type) {
    case DType::kQ8_0: return Rows<BlockQ8_0>(p, x);
    case DType::kQ4_0: return Rows<BlockQ4_0>(p, x);
    case DType::kQ4_1: return Rows<BlockQ4_1>(p, x);
    default: return;
  }
}

HWY_ATTR void QuantiseRowsTarget(const float* x, int64_t k, int64_t begin, int64_t end, QuantisedRows* out) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  const hn::Rebind<int16_t, F32> ds;
  const size_t lanes = hn::Lanes(d);
  for (int64_t block = begin * (k / 32); block < end * (k / 32); ++block) {
    const float* const values = x + block * 32;
    int16_t* const q = out->q.data() + block * 32;
    VF largest = hn::Zero(d);
    for (size_t i = 0; i < 32; i += lanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + i)));
    const float top = hn::GetLane(hn::MaxOfLanes(d, largest));
    const float scale = top / 32767;
    const VF inverse = hn::Set(d, top > 0 ? 32767 / top : 0);
    auto total = hn::Zero(di);
    for (size_t i = 0; i < 32; i += lanes) {
      const auto rounded = hn::NearestInt(hn::Mul(hn::LoadU(d, values + i), inverse));
      total = hn::Add(total, rounded);
      hn::StoreU(hn::DemoteTo(ds, rounded), ds, q + i);
    }
    out->scale[static_cast<size_t>(block)] = scale;
    out->sum[static_cast<size_t>(block)] = scale * static_cast<float>(hn::GetLane(hn::SumOfLanes(di, total)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulQuantisedTarget);
HWY_EXPORT(QuantiseRowsTarget);

void MatMulQuantised(const MatMulPart& part, const QuantisedRows& x) { HWY_DYNAMIC_DISPATCH(MatMulQuantisedTarget)(part, x); }

void QuantiseRows(const float* x, int64_t k, int64_t begin, int64_t end, QuantisedRows* out) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowsTarget)(x, k, begin, end, out);
}
}  // namespace retort::cpu
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/matmul_float.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/weight_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// The outputs of kWide weight rows for kRows activation rows. Every output has two accumulators, for even and odd
/// vectors, whatever the tile: that fixes the order of its sum.
template <DType kType, int kWide, int kRows>
HWY_ATTR HWY_INLINE void Tile(const char* weights, size_t row_bytes, int64_t k, const float* x, float* y, int64_t ldy,
                              bool accumulate) {
  const F32 d;
  constexpr size_t kLanes = hn::MaxLanes(F32());
  static_assert(32 % (2 * kLanes) == 0);
  VF even[kWide][kRows], odd[kWide][kRows];
  for (int w = 0; w < kWide; ++w) {
    for (int r = 0; r < kRows; ++r) even[w][r] = odd[w][r] = hn::Zero(d);
  }
  const int64_t blocks = k / 32;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int w = 0; w < kWide; ++w) {
      WeightRow<kType> row(weights + static_cast<size_t>(w) * row_bytes);
      row.Begin(block);
      for (size_t offset = 0; offset < 32; offset += 2 * kLanes) {
        const VF w0 = row.Load(offset), w1 = row.Load(offset + kLanes);
        for (int r = 0; r < kRows; ++r) {
          const float* const xr = x + r * k + block * 32 + static_cast<int64_t>(offset);
          even[w][r] = hn::MulAdd(w0, hn::LoadU(d, xr), even[w][r]);
          odd[w][r] = hn::MulAdd(w1, hn::LoadU(d, xr + kLanes), odd[w][r]);
        }
      }
    }
  }
  for (int w = 0; w < kWide; ++w) {
    for (int r = 0; r < kRows; ++r) {
      float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even[w][r], odd[w][r])));
      for (int64_t i = blocks * 32; i < k; ++i) {  // float types need be no multiple of 32
        float weight = 0;
        DequantiseRow(kType, weights + static_cast<size_t>(w) * row_bytes + static_cast<size_t>(i) * DTypeBlockBytes(kType), &weight, 1);
        sum += weight * x[r * k + i];
      }
      float& out = y[r * ldy + w];
      out = accumulate ? out + sum : sum;
    }
  }
}

/// All activation rows for kWide weight rows.
template <DType kType, int kWide>
HWY_ATTR void Strip(const MatMulPart& p, const float* x, int64_t n) {
  const size_t row_bytes = DTypeRowBytes(kType, p.k);
  const char* const w = static_cast<const char*>(p.weights) + static_cast<size_t>(n) * row_bytes;
  int64_t i = 0;
  for (; i + 4 <= p.t; i += 4) Tile<kType, kWide, 4>(w, row_bytes, p.k, x + i * p.k, p.y + i * p.ldy + n, p.ldy, p.accumulate);
  for (; i < p.t; ++i) Tile<kType, kWide, 1>(w, row_bytes, p.k, x + i * p.k, p.y + i * p.ldy + n, p.ldy, p.accumulate);
}

template <DType kType>
HWY_ATTR void Rows(const MatMulPart& p, const float* x) {
  int64_t n = p.n_begin;
  if (p.t == 1) {  // enough independent sums to hide the latency of multiply-add
    for (; n + 4 <= p.n_end; n += 4) Strip<kType, 4>(p, x, n);
  }
  for (; n < p.n_end; ++n) Strip<kType, 1>(p, x, n);
}

template <DType kType>
HWY_ATTR void Expand(const void* weights, int64_t k, int64_t begin, int64_t end, float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const size_t row_bytes = DTypeRowBytes(kType, k);
  for (int64_t n = begin; n < end; ++n, out += k) {
    const char* const bytes = static_cast<const char*>(weights) + static_cast<size_t>(n) * row_bytes;
    WeightRow<kType> row(bytes);
    for (int64_t block = 0; block < k / 32; ++block) {
      row.Begin(block);
      for (size_t offset = 0; offset < 32; offset += lanes) hn::StoreU(row.Load(offset), d, out + block * 32 + offset);
    }
    if (const int64_t done = k / 32 * 32; done < k) {
      DequantiseRow(kType, bytes + static_cast<size_t>(done) * DTypeBlockBytes(kType), out + done, k - done);
    }
  }
}

HWY_ATTR void MatMulFloatTarget(const MatMulPart& p, const float* x) {
  switch (p.type) {
    case DType::kF32: return Rows<DType::kF32>(p, x);
    case DType::kF16: return Rows<DType::kF16>(p, x);
    case DType::kBF16: return Rows<DType::kBF16>(p, x);
    case DType::kQ8_0: return Rows<DType::kQ8_0>(p, x);
    case DType::kQ4_0: return Rows<DType::kQ4_0>(p, x);
    case DType::kQ4_1: return Rows<DType::kQ4_1>(p, x);
    case DType::kI32: return;
  }
}

HWY_ATTR void ExpandRowsTarget(DType type, const void* w, int64_t k, int64_t begin, int64_t end, float* out) {
  switch (type) {
    case DType::kF32: return Expand<DType::kF32>(w, k, begin, end, out);
    case DType::kF16: return Expand<DType::kF16>(w, k, begin, end, out);
    case DType::kBF16: return Expand<DType::kBF16>(w, k, begin, end, out);
    case DType::kQ8_0: return Expand<DType::kQ8_0>(w, k, begin, end, out);
    case DType::kQ4_0: return Expand<DType::kQ4_0>(w, k, begin, end, out);
    case DType::kQ4_1: return Expand<DType::kQ4_1>(w, k, begin, end, out);
    case DType::kI32: return;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(MatMulFloatTarget);
HWY_EXPORT(ExpandRowsTarget);

void MatMulFloat(const MatMulPart& part, const float* x) { HWY_DYNAMIC_DISPATCH(MatMulFloatTarget)(part, x); }

void ExpandRows(DType type, const void* weights, int64_t k, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRowsTarget)(type, weights, k, begin, end, out);
}
}  // namespace retort::cpu
#endif

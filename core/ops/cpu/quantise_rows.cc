#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/quantise_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/ops/cpu/matmul_kernels.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

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
      const int8_t* const q = out->q8.data() + at;
      QuantiseBlock<127>(x + at, out->q8.data() + at, scale, sum);
      if (weights != DType::kQ6_K) continue;
      for (const int half : {0, 1}) {
        out->half_sum[static_cast<size_t>(block * 2 + half)] =
            static_cast<int16_t>(std::accumulate(q + half * 16, q + half * 16 + 16, 0));
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(QuantiseRowsTarget);

void QuantisedRows::Resize(DType weights, int64_t t, int64_t k) {
  const auto elements = static_cast<size_t>(t * k);
  if (weights == DType::kQ8_0) {
    q16.resize(elements);
  } else {
    q8.resize(elements);
  }
  if (weights == DType::kQ6_K) half_sum.resize(elements / 16);
  scale.resize(elements / kQuantBlock);
  sum.resize(elements / kQuantBlock);
}

void QuantiseRows(const float* x, DType weights, int64_t k, int64_t begin, int64_t end, QuantisedRows* out) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowsTarget)(x, weights, k, begin, end, out);
}
}  // namespace retort::cpu
#endif

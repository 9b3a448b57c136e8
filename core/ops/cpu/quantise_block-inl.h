// Per-target: 32 activations as integers of one scale. Included once per Highway target.
#if defined(RETORT_QUANTISE_BLOCK_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_QUANTISE_BLOCK_INL
#undef RETORT_QUANTISE_BLOCK_INL
#else
#define RETORT_QUANTISE_BLOCK_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "core/tensor/dtype.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// A block's integers, in [-kLevels, kLevels], and its scale. `sums`: those of each half of them where `halves` is 2,
/// else that of all.
#if HWY_TARGET == HWY_SCALAR

template <int kLevels, typename T>
float QuantiseBlock(const float* values, int halves, T* q, int32_t (&sums)[2]) {
  float top = 0;
  for (int i = 0; i < kQuantBlock; ++i) top = std::max(top, std::fabs(values[i]));
  const float inverse = top > 0 ? kLevels / top : 0;
  sums[0] = sums[1] = 0;
  for (int i = 0; i < kQuantBlock; ++i) {
    q[i] = static_cast<T>(std::nearbyint(values[i] * inverse));
    sums[halves == 2 ? i / 16 : 0] += q[i];
  }
  return top / kLevels;
}

#else

template <int kLevels, typename T>
HWY_INLINE float QuantiseBlock(const float* values, int halves, T* q, int32_t (&sums)[2]) {
  const F32 d;
  const I32 di;
  const hn::Rebind<T, F32> dt;
  constexpr int kVectors = kQuantBlock / static_cast<int>(kLanes);
  VF value[kVectors];
  Unroll<kVectors>([&](auto i) RETORT_INLINE { value[i] = hn::LoadU(d, values + i * kLanes); });
  VF largest = hn::Abs(value[0]);
  Unroll<kVectors - 1>([&](auto i) RETORT_INLINE { largest = hn::Max(largest, hn::Abs(value[i + 1])); });
  const float top = hn::GetLane(hn::MaxOfLanes(d, largest));
  const VF inverse = hn::Set(d, top > 0 ? kLevels / top : 0);
  VI total[2];
  Unroll<kVectors>([&](auto i) RETORT_INLINE {
    constexpr int kHalf = i / (kVectors / 2);
    const VI rounded = hn::NearestInt(hn::Mul(value[i], inverse));
    total[kHalf] = i % (kVectors / 2) == 0 ? rounded : hn::Add(total[kHalf], rounded);
    hn::StoreU(hn::DemoteTo(dt, rounded), dt, q + i * kLanes);
  });
  if (halves == 1) {
    sums[0] = hn::GetLane(hn::SumOfLanes(di, hn::Add(total[0], total[1])));
  } else {
    for (int half : {0, 1}) sums[half] = hn::GetLane(hn::SumOfLanes(di, total[half]));
  }
  return top / kLevels;
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_QUANTISE_BLOCK_INL

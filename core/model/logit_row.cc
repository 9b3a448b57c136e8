#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/model/logit_row.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "core/model/logit_row.h"

// All targets give the same bits: no fused multiply-adds (the build forbids the compiler to make any in this file), and
// sums in sixteen lanes whatever the vectors hold. So the text that a seed gives is the same on all processors, as far
// as the logits are.
HWY_BEFORE_NAMESPACE();
namespace retort {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Floats in their order as integers, whose maximum may be taken in any order; NaNs lie beyond the infinities.
inline int32_t Ordered(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

inline float FromOrdered(int32_t ordered) { return std::bit_cast<float>(ordered ^ ((ordered >> 31) & 0x7FFFFFFF)); }

/// The index of the first that equals `value`, which is there.
HWY_ATTR size_t IndexOf(const float* logits, size_t size, float value) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto wanted = hn::Set(d, value);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const intptr_t at = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, logits + i), wanted));
    if (at >= 0) return i + static_cast<size_t>(at);
  }
  while (i < size && logits[i] != value) ++i;
  return i;
}

HWY_ATTR RowPeak FindPeakTarget(const float* logits, size_t size) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t lanes = hn::Lanes(d);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const int32_t lowest = Ordered(-kInfinity), infinite = Ordered(kInfinity);
  const auto magnitude = hn::Set(di, 0x7FFFFFFF);
  auto most = hn::Set(di, lowest), least = hn::Set(di, infinite);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto bits = hn::BitCast(di, hn::LoadU(d, logits + i));
    const auto ordered = hn::Xor(bits, hn::And(hn::ShiftRight<31>(bits), magnitude));
    most = hn::Max(most, ordered);
    least = hn::Min(least, ordered);
  }
  int32_t largest = hn::GetLane(hn::MaxOfLanes(di, most)), smallest = hn::GetLane(hn::MinOfLanes(di, least));
  for (; i < size; ++i) {
    largest = std::max(largest, Ordered(logits[i]));
    smallest = std::min(smallest, Ordered(logits[i]));
  }
  RowPeak peak;
  peak.sound = largest < infinite && smallest >= lowest;
  if (largest > lowest) {
    peak.logit = FromOrdered(largest);
    // Where a NaN is the largest there is no such logit, and nobody looks: the row is not sound.
    peak.token = static_cast<int32_t>(IndexOf(logits, size, peak.logit));
  }
  return peak;
}

/// exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds, and leaves n in the low bits.
template <class D>
HWY_ATTR hn::Vec<D> ExpOf(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto round = hn::Set(d, 12582912.0f);
  const auto shifted = hn::Add(hn::Mul(x, hn::Set(d, 1.44269504088896341f)), round);
  const auto n = hn::Sub(shifted, round);
  const auto r = hn::Add(hn::Sub(x, hn::Mul(n, hn::Set(d, 0.693359375f))), hn::Mul(n, hn::Set(d, 2.12194440e-4f)));
  auto p = hn::Set(d, 1.9875691500e-4f);
  for (const float term : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    p = hn::Add(hn::Mul(p, r), hn::Set(d, term));
  }
  p = hn::Add(hn::Add(hn::Mul(hn::Mul(p, r), r), r), hn::Set(d, 1.0f));
  const auto power =
      hn::ShiftLeft<23>(hn::Add(hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, round)), hn::Set(di, 127)));
  return hn::IfThenElseZero(hn::Gt(x, hn::Set(d, -87.0f)), hn::Mul(p, hn::BitCast(d, power)));
}

HWY_ATTR void ExpWeightsTarget(const float* logits, size_t size, float peak, float inverse_temperature,
                               float* weights) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto top = hn::Set(d, peak), inverse = hn::Set(d, inverse_temperature);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(ExpOf(d, hn::Mul(hn::Sub(hn::LoadU(d, logits + i), top), inverse)), d, weights + i);
  }
  const hn::CappedTag<float, 1> one;
  for (; i < size; ++i) {
    const auto x = hn::Mul(hn::Sub(hn::LoadU(one, logits + i), hn::Set(one, peak)), hn::Set(one, inverse_temperature));
    hn::StoreU(ExpOf(one, x), one, weights + i);
  }
}

HWY_ATTR double SumWeightsTarget(const float* weights, size_t size) {
  constexpr size_t kSums = 16;
  const hn::CappedTag<double, kSums / 2> d;
  const hn::Rebind<float, decltype(d)> df;
  constexpr size_t kLanes = hn::MaxLanes(d), kVectors = kSums / kLanes;
  hn::Vec<decltype(d)> parts[kVectors];
  for (auto& part : parts) part = hn::Zero(d);
  size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (size_t v = 0; v < kVectors; ++v) {
      parts[v] = hn::Add(parts[v], hn::PromoteTo(d, hn::LoadU(df, weights + i + v * kLanes)));
    }
  }
  HWY_ALIGN double sums[kSums];
  for (size_t v = 0; v < kVectors; ++v) hn::Store(parts[v], d, sums + v * kLanes);
  for (; i < size; ++i) sums[0] += static_cast<double>(weights[i]);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace HWY_NAMESPACE
}  // namespace retort
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort {

HWY_EXPORT(FindPeakTarget);
HWY_EXPORT(ExpWeightsTarget);
HWY_EXPORT(SumWeightsTarget);

RowPeak FindPeak(std::span<const float> logits) {
  return HWY_DYNAMIC_DISPATCH(FindPeakTarget)(logits.data(), logits.size());
}

void ExpWeights(std::span<const float> logits, float peak, float inverse_temperature, float* weights) {
  HWY_DYNAMIC_DISPATCH(ExpWeightsTarget)(logits.data(), logits.size(), peak, inverse_temperature, weights);
}

double SumWeights(std::span<const float> weights) {
  return HWY_DYNAMIC_DISPATCH(SumWeightsTarget)(weights.data(), weights.size());
}

}  // namespace retort
#endif  // HWY_ONCE

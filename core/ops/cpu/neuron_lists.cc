#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/neuron_lists.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h: its kernels follow the current target.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/ops/cpu/neuron_lists.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using LF = hn::CappedTag<float, 16>;
using LI = hn::RebindToSigned<LF>;

HWY_INLINE float Silu(float x) {
  const float g = std::max(x, -88.0f);
  return g / (1.0f + std::exp(-g));
}

HWY_ATTR void SiluInPlaceTarget(float* row, int64_t f) {
  const LF d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= f; i += lanes) {
    const auto g = hn::Max(hn::LoadU(d, row + i), hn::Set(d, -88.0f));  // exp overflows past 88
    hn::StoreU(hn::Div(g, hn::Add(hn::Set(d, 1.0f), hn::Exp(d, hn::Neg(g)))), d, row + i);
  }
  for (; i < f; ++i) row[i] = Silu(row[i]);
}

/// Bits of |x|: of floats that are numbers they are ordered as the magnitudes are.
HWY_INLINE int32_t MagnitudeBits(float x) {
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits & INT32_MAX;
}
HWY_INLINE hn::Vec<LI> MagnitudeBits(const float* x) {
  return hn::And(hn::BitCast(LI(), hn::LoadU(LF(), x)), hn::Set(LI(), INT32_MAX));
}

/// How many of the magnitudes' bits are `least` or more.
HWY_ATTR int64_t CountFrom(const float* values, int64_t f, int32_t least) {
  const LI d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto bound = hn::Set(d, least - 1);  // least is 1 or more
  auto found = hn::Zero(d), found_beside = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= f; i += 2 * lanes) {
    found = hn::Sub(found, hn::VecFromMask(d, hn::Gt(MagnitudeBits(values + i), bound)));
    found_beside = hn::Sub(found_beside, hn::VecFromMask(d, hn::Gt(MagnitudeBits(values + i + lanes), bound)));
  }
  int64_t count = hn::GetLane(hn::SumOfLanes(d, hn::Add(found, found_beside)));
  for (; i < f; ++i) count += MagnitudeBits(values[i]) >= least ? 1 : 0;
  return count;
}

/// The magnitudes of `least` or more, `equal` of those that are equal to it at most.
HWY_ATTR int64_t ListFrom(const float* values, int64_t f, int32_t least, int64_t equal, int32_t* list) {
  const LI d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto bound = hn::Set(d, least);
  int64_t count = 0, i = 0;
  const auto one = [&](int64_t index) {
    const int32_t bits = MagnitudeBits(values[index]);
    if (bits < least || (bits == least && equal-- <= 0)) return;
    list[count++] = static_cast<int32_t>(index);
  };
  for (; i + lanes <= f; i += lanes) {
    const auto bits = MagnitudeBits(values + i);
    const auto above = hn::Gt(bits, bound), same = hn::Eq(bits, bound);
    const auto ties = static_cast<int64_t>(hn::CountTrue(d, same));
    if (ties > 0 && ties > equal) {
      for (int64_t lane = 0; lane < lanes; ++lane) one(i + lane);
      continue;
    }
    equal -= ties;
    const auto indices = hn::Iota(d, static_cast<int32_t>(i));
    count += static_cast<int64_t>(hn::CompressStore(indices, hn::Or(above, same), d, list + count));
  }
  for (; i < f; ++i) one(i);
  return count;
}

HWY_ATTR int64_t ListNeuronsTarget(const float* values, int64_t f, const NeuronRule& rule, int32_t* list) {
  if (rule.count == 0) return ListFrom(values, f, MagnitudeBits(rule.threshold), f, list);
  const int64_t wanted = std::min(rule.count, f);
  // The largest magnitude that so many reach, bit by bit from the top; done early where exactly so many do.
  int32_t least = 0;
  for (int bit = 30; bit >= 0; --bit) {
    const int32_t higher = least | (1 << bit);
    const int64_t reach = CountFrom(values, f, higher);
    if (reach < wanted) continue;
    least = higher;
    if (reach == wanted) return ListFrom(values, f, least, f, list);
  }
  const int64_t above = least == INT32_MAX ? 0 : CountFrom(values, f, least + 1);
  return ListFrom(values, f, least, wanted - above, list);
}

HWY_ATTR void AddMagnitudesTarget(const float* row, int64_t f, float* sums) {
  const LF d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= f; i += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::Abs(hn::LoadU(d, row + i))), d, sums + i);
  for (; i < f; ++i) sums[i] += std::fabs(row[i]);
}

HWY_ATTR float SumOfSquaresTarget(const float* z, int64_t f) {
  const LF d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= f; i += lanes) {
    const auto v = hn::LoadU(d, z + i);
    sum = hn::MulAdd(v, v, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < f; ++i) total += z[i] * z[i];
  return total;
}

HWY_ATTR void AddSquaresTarget(const float* z, float weight, int64_t begin, int64_t end, float* sums) {
  const LF d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto weights = hn::Set(d, weight);
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    const auto v = hn::LoadU(d, z + i);
    hn::StoreU(hn::MulAdd(hn::Mul(v, v), weights, hn::LoadU(d, sums + i)), d, sums + i);
  }
  for (; i < end; ++i) sums[i] += z[i] * z[i] * weight;
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(SiluInPlaceTarget);
HWY_EXPORT(ListNeuronsTarget);
HWY_EXPORT(AddMagnitudesTarget);
HWY_EXPORT(SumOfSquaresTarget);
HWY_EXPORT(AddSquaresTarget);

void SiluInPlace(float* row, int64_t f) { HWY_DYNAMIC_DISPATCH(SiluInPlaceTarget)(row, f); }
int64_t ListNeurons(const float* values, int64_t f, const NeuronRule& rule, int32_t* list) {
  return HWY_DYNAMIC_DISPATCH(ListNeuronsTarget)(values, f, rule, list);
}
void AddMagnitudes(const float* row, int64_t f, float* sums) {
  HWY_DYNAMIC_DISPATCH(AddMagnitudesTarget)(row, f, sums);
}
float SumOfSquares(const float* z, int64_t f) { return HWY_DYNAMIC_DISPATCH(SumOfSquaresTarget)(z, f); }
void AddSquares(const float* z, float weight, int64_t begin, int64_t end, float* sums) {
  HWY_DYNAMIC_DISPATCH(AddSquaresTarget)(z, weight, begin, end, sums);
}
}  // namespace retort::cpu
#endif

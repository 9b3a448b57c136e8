#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h: its kernels follow the current target.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>

#include "core/ops/cpu/attention.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/attention_lanes-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE float OneKv(const float* p) { return *p; }
HWY_INLINE float OneKv(const uint16_t* p) { return HalfToFloat(*p); }

#if HWY_TARGET == HWY_SCALAR  // plain loops, for processors without vectors

template <typename T>
void PageScores(const float* q, const T* keys, int count, int dim, float scale, float* scores) {
  for (int p = 0; p < count; ++p) {
    float dot = 0;
    for (int i = 0; i < dim; ++i) dot += q[i] * OneKv(keys + p * dim + i);
    scores[p] = dot * scale;
  }
}

template <typename T>
void AddPageValues(const float* weights, const T* values, int count, int dim, float* out) {
  for (int p = 0; p < count; ++p) {
    for (int i = 0; i < dim; ++i) out[i] += weights[p] * OneKv(values + p * dim + i);
  }
}

float Softmax(float* scores, int64_t count) {
  const float top = *std::max_element(scores, scores + count);
  float total = 0;
  for (int64_t p = 0; p < count; ++p) total += scores[p] = std::exp(scores[p] - top);
  return total;
}

#else

HWY_INLINE VF LoadKv(const float* p) { return hn::LoadU(F32(), p); }
HWY_INLINE VF LoadKv(const uint16_t* p) { return LoadHalves(p, 0); }

/// The sums of the lanes of a, b, c, d, in the lanes of a vector of four.
HWY_INLINE hn::Vec<hn::CappedTag<float, 4> > SumsOfFour(VF a, VF b, VF c, VF d) {
  const F32 df;
  const hn::RepartitionToWide<F32> dd;
  const VF ab = hn::Add(hn::InterleaveLower(df, a, b), hn::InterleaveUpper(df, a, b));  // a b a b
  const VF cd = hn::Add(hn::InterleaveLower(df, c, d), hn::InterleaveUpper(df, c, d));
  const auto ab2 = hn::BitCast(dd, ab), cd2 = hn::BitCast(dd, cd);
  const VF sums =
      hn::Add(hn::BitCast(df, hn::InterleaveLower(dd, ab2, cd2)), hn::BitCast(df, hn::InterleaveUpper(dd, ab2, cd2)));
#if HWY_MAX_BYTES >= 32
  const hn::CappedTag<float, 4> half;
  return hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums));
#else
  return sums;
#endif
}

/// Scores of the first `count` keys of a page, and of up to three after them: pages are whole multiples of four keys.
template <typename T>
HWY_ATTR void PageScores(const float* q, const T* keys, int count, int dim, float scale, float* scores) {
  static_assert(kKvPageTokens % 4 == 0);
  const F32 d;
  const hn::CappedTag<float, 4> four;
  for (int p = 0; p < count; p += 4) {
    const T* const key = keys + p * dim;
    VF a = hn::Zero(d), b = a, c = a, e = a;
    int i = 0;
    for (; i + static_cast<int>(kLanes) <= dim; i += static_cast<int>(kLanes)) {
      const VF query = hn::LoadU(d, q + i);
      a = hn::MulAdd(query, LoadKv(key + i), a);
      b = hn::MulAdd(query, LoadKv(key + dim + i), b);
      c = hn::MulAdd(query, LoadKv(key + 2 * dim + i), c);
      e = hn::MulAdd(query, LoadKv(key + 3 * dim + i), e);
    }
    hn::StoreU(hn::Mul(SumsOfFour(a, b, c, e), hn::Set(four, scale)), four, scores + p);
    for (; i < dim; ++i) {
      for (int j = 0; j < 4; ++j) scores[p + j] += q[i] * OneKv(key + j * dim + i) * scale;
    }
  }
}

/// out[kVectors vectors] += sum of weights[p] * values[p].
template <int kVectors, typename T>
HWY_ATTR void AddValueColumns(const float* weights, const T* values, int count, int dim, float* out) {
  const F32 d;
  VF sum[kVectors];
  Unroll<kVectors>([&](auto v) RETORT_INLINE { sum[v] = hn::LoadU(d, out + v * kLanes); });
  for (int p = 0; p < count; ++p) {
    const VF weight = hn::Set(d, weights[p]);
    Unroll<kVectors>([&](auto v)
                         RETORT_INLINE { sum[v] = hn::MulAdd(weight, LoadKv(values + p * dim + v * kLanes), sum[v]); });
  }
  Unroll<kVectors>([&](auto v) RETORT_INLINE { hn::StoreU(sum[v], d, out + v * kLanes); });
}

template <typename T>
HWY_ATTR void AddPageValues(const float* weights, const T* values, int count, int dim, float* out) {
  constexpr int kOne = static_cast<int>(kLanes);
  int i = 0;
  for (; i + 8 * kOne <= dim; i += 8 * kOne) AddValueColumns<8>(weights, values + i, count, dim, out + i);
  for (; i + kOne <= dim; i += kOne) AddValueColumns<1>(weights, values + i, count, dim, out + i);
  for (; i < dim; ++i) {
    for (int p = 0; p < count; ++p) out[i] += weights[p] * OneKv(values + p * dim + i);
  }
}

/// scores = exp(scores - their maximum); returns their sum.
HWY_ATTR float Softmax(float* scores, int64_t count) {
  const F32 d;
  constexpr int64_t kOne = static_cast<int64_t>(kLanes);
  float top = scores[0];
  VF tops = hn::Set(d, top), sums = hn::Zero(d);
  int64_t p = 0;
  for (; p + kOne <= count; p += kOne) tops = hn::Max(tops, hn::LoadU(d, scores + p));
  top = hn::GetLane(hn::MaxOfLanes(d, tops));
  for (; p < count; ++p) top = std::max(top, scores[p]);
  for (p = 0; p + kOne <= count; p += kOne) {
    const VF e = hn::Exp(d, hn::Sub(hn::LoadU(d, scores + p), hn::Set(d, top)));
    hn::StoreU(e, d, scores + p);
    sums = hn::Add(sums, e);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; p < count; ++p) total += scores[p] = std::exp(scores[p] - top);
  return total;
}

#endif  // HWY_TARGET == HWY_SCALAR

/// Page by page, so that a page's keys stay in the first-level cache for all heads that share them; then its values.
template <typename T>
HWY_ATTR void Attend(const AttendCall& c) {
  const int dim = c.layout->head_dim;
  const int64_t count = int64_t{c.row->position} + 1;
  const size_t head_bytes = static_cast<size_t>(c.kv_head) * kKvPageTokens * static_cast<size_t>(dim) * sizeof(T);
  const int64_t stride = ScoreStride(c.row->position);
  const auto for_each_page = [&](size_t offset, auto&& fn) {
    for (int64_t first = 0; first < count; first += kKvPageTokens) {
      const auto* const page = static_cast<const std::byte*>(c.row->pages[first / kKvPageTokens]);
      fn(reinterpret_cast<const T*>(page + offset + head_bytes), first,
         static_cast<int>(std::min<int64_t>(kKvPageTokens, count - first)));
    }
  };
  for_each_page(c.layout->key_offset(c.layer), [&](const T* keys, int64_t first, int n) {
    for (int h = 0; h < c.heads; ++h) PageScores(c.q + h * dim, keys, n, dim, c.scale, c.scores + h * stride + first);
  });
  std::fill_n(c.out, c.heads * dim, 0.0f);
  for (int h = 0; h < c.heads; ++h) {
    float* const scores = c.scores + h * stride;
    const float inverse = 1.0f / Softmax(scores, count);
    for (int64_t p = 0; p < count; ++p) scores[p] *= inverse;
  }
  for_each_page(c.layout->value_offset(c.layer), [&](const T* values, int64_t first, int n) {
    for (int h = 0; h < c.heads; ++h) AddPageValues(c.scores + h * stride + first, values, n, dim, c.out + h * dim);
  });
}

HWY_ATTR void AttendTarget(const AttendCall& call) {
  if (call.layout->type == DType::kF32) return Attend<float>(call);
  Attend<uint16_t>(call);
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(AttendTarget);

void Attend(const AttendCall& call) { HWY_DYNAMIC_DISPATCH(AttendTarget)(call); }
}  // namespace retort::cpu
#endif

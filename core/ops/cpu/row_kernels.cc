#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/row_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h: its kernels follow the current target.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>

#include "core/ops/cpu/row_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
using DH = hn::Rebind<hwy::float16_t, D>;

HWY_ATTR void RmsNormTarget(const float* x, const float* weight, float eps, float* out, int64_t k) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= k; i += 2 * lanes) {
    const V a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + i + lanes);
    sum0 = hn::MulAdd(a, a, sum0);
    sum1 = hn::MulAdd(b, b, sum1);
  }
  double squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < k; ++i) squares += static_cast<double>(x[i]) * x[i];
  const auto scale = static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(k) + eps));
  const V factor = hn::Set(d, scale);
  for (i = 0; i + lanes <= k; i += lanes) {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), factor), hn::LoadU(d, weight + i)), d, out + i);
  }
  for (; i < k; ++i) out[i] = x[i] * scale * weight[i];
}

HWY_ATTR void SiluMulTarget(const float* gate, const float* up, float* out, int64_t f) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const V one = hn::Set(d, 1.0f);
  int64_t i = 0;
  for (; i + lanes <= f; i += lanes) {
    // exp overflows past 88; silu is 0 in float well before that.
    const V g = hn::Max(hn::LoadU(d, gate + i), hn::Set(d, -88.0f));
    hn::StoreU(hn::Mul(hn::Div(g, hn::Add(one, hn::Exp(d, hn::Neg(g)))), hn::LoadU(d, up + i)), d, out + i);
  }
  for (; i < f; ++i) {
    const float g = std::max(gate[i], -88.0f);
    out[i] = g / (1.0f + std::exp(-g)) * up[i];
  }
}

/// Key and value elements of a page as floats, whatever their storage.
inline HWY_ATTR V LoadKv(const float* p) { return hn::LoadU(D(), p); }
inline float OneKv(const float* p) { return *p; }
inline float OneKv(const hwy::float16_t* p) { return HalfToFloat(*reinterpret_cast<const uint16_t*>(p)); }
inline HWY_ATTR V LoadKv(const hwy::float16_t* p) { return hn::PromoteTo(D(), hn::LoadU(DH(), p)); }

/// Dot products of one key with the group's queries.
template <typename T>
HWY_ATTR HWY_INLINE void Scores(const float* q, const T* key, int dim, int group, int64_t stride, float scale, float* scores) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int h = 0; h < group; ++h) {
    V sum = hn::Zero(d);
    int i = 0;
    for (; i + lanes <= dim; i += lanes) sum = hn::MulAdd(hn::LoadU(d, q + h * dim + i), LoadKv(key + i), sum);
    float dot = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; i < dim; ++i) dot += q[h * dim + i] * OneKv(key + i);
    scores[h * stride] = dot * scale;
  }
}

template <typename T>
HWY_ATTR void Attend(const float* q, const AttentionRow& row, const KvLayout& layout, int layer, int kv_head, int group, float scale,
                     float* scores, float* out) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const int dim = layout.head_dim;
  const int64_t count = int64_t{row.position} + 1;
  const size_t head_bytes = static_cast<size_t>(kv_head) * kKvPageTokens * static_cast<size_t>(dim) * sizeof(T);
  const auto plane = [&](int64_t position, size_t offset) {
    const char* const page = static_cast<const char*>(row.pages[position / kKvPageTokens]);
    return reinterpret_cast<const T*>(page + offset + head_bytes) + position % kKvPageTokens * dim;
  };
  for (int64_t p = 0; p < count; ++p) Scores(q, plane(p, layout.key_offset(layer)), dim, group, count, scale, scores + p);
  for (int h = 0; h < group; ++h) {
    float* const s = scores + h * count;
    float largest = s[0];
    for (int64_t p = 1; p < count; ++p) largest = s[p] > largest ? s[p] : largest;
    int64_t p = 0;
    V sum = hn::Zero(d);
    const V top = hn::Set(d, largest);
    for (; p + lanes <= count; p += lanes) {
      const V e = hn::Exp(d, hn::Sub(hn::LoadU(d, s + p), top));
      hn::StoreU(e, d, s + p);
      sum = hn::Add(sum, e);
    }
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; p < count; ++p) total += s[p] = std::exp(s[p] - largest);
    const float inverse = 1.0f / total;
    for (p = 0; p < count; ++p) s[p] *= inverse;
    for (int i = 0; i < dim; ++i) out[h * dim + i] = 0;
  }
  for (int64_t p = 0; p < count; ++p) {
    const T* const value = plane(p, layout.value_offset(layer));
    int i = 0;
    for (; i + lanes <= dim; i += lanes) {
      const V v = LoadKv(value + i);
      for (int h = 0; h < group; ++h) {
        float* const o = out + h * dim + i;
        hn::StoreU(hn::MulAdd(hn::Set(d, scores[h * count + p]), v, hn::LoadU(d, o)), d, o);
      }
    }
    for (; i < dim; ++i) {
      for (int h = 0; h < group; ++h) out[h * dim + i] += scores[h * count + p] * OneKv(value + i);
    }
  }
}

HWY_ATTR void AttendGroupTarget(const float* q, const AttentionRow& row, const KvLayout& layout, int layer, int kv_head, int group,
                                float scale, float* scores, float* out) {
  if (layout.type == DType::kF32) return Attend<float>(q, row, layout, layer, kv_head, group, scale, scores, out);
  Attend<hwy::float16_t>(q, row, layout, layer, kv_head, group, scale, scores, out);
}

HWY_ATTR void ToHalfTarget(const float* src, uint16_t* dst, int64_t n) {
  int64_t i = 0;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2  // elsewhere Highway's conversion does not round to nearest even
  const D d;
  const DH dh;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, src + i)), dh, reinterpret_cast<hwy::float16_t*>(dst) + i);
  }
#endif
  for (; i < n; ++i) dst[i] = FloatToHalf(src[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(RmsNormTarget);
HWY_EXPORT(SiluMulTarget);
HWY_EXPORT(AttendGroupTarget);
HWY_EXPORT(ToHalfTarget);

void RmsNormRow(const float* x, const float* weight, float eps, float* out, int64_t k) {
  HWY_DYNAMIC_DISPATCH(RmsNormTarget)(x, weight, eps, out, k);
}
void SiluMulRow(const float* gate, const float* up, float* out, int64_t f) {
  HWY_DYNAMIC_DISPATCH(SiluMulTarget)(gate, up, out, f);
}
void AttendGroup(const float* q, const AttentionRow& row, const KvLayout& layout, int layer, int kv_head, int group, float scale,
                 float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(AttendGroupTarget)(q, row, layout, layer, kv_head, group, scale, scores, out);
}
void ToHalf(const float* src, uint16_t* dst, int64_t n) { HWY_DYNAMIC_DISPATCH(ToHalfTarget)(src, dst, n); }
}  // namespace retort::cpu
#endif

// Per-target: rows of a product, made from what stands before it a few elements at a time. Included once per Highway
// target.
#if defined(RETORT_ROW_SOURCE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_ROW_SOURCE_INL
#undef RETORT_ROW_SOURCE_INL
#else
#define RETORT_ROW_SOURCE_INL
#endif

#include <hwy/highway.h>
// After highway.h: its kernels follow the current target.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>

#include "core/ops/ops.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using RowTag = hn::CappedTag<float, 16>;

/// 1 / sqrt(mean(x²) + eps)
HWY_ATTR inline float NormFactor(const float* x, float eps, int64_t k) {
  const RowTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= k; i += 2 * lanes) {
    const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + i + lanes);
    sum0 = hn::MulAdd(a, a, sum0);
    sum1 = hn::MulAdd(b, b, sum1);
  }
  double squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < k; ++i) squares += static_cast<double>(x[i]) * x[i];
  return static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(k) + eps));
}

/// out[n] = x[n] * factor * weight[n]
HWY_INLINE void Scale(const float* x, float factor, const float* weight, int64_t n, float* out) {
  const RowTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factors = hn::Set(d, factor);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), factors), hn::LoadU(d, weight + i)), d, out + i);
  }
  for (; i < n; ++i) out[i] = x[i] * factor * weight[i];
}

/// out[n] = silu(gate[n]) * up[n]
HWY_INLINE void Gate(const float* gate, const float* up, int64_t n, float* out) {
  const RowTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto one = hn::Set(d, 1.0f);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    // exp overflows past 88; silu is 0 in float well before that.
    const auto g = hn::Max(hn::LoadU(d, gate + i), hn::Set(d, -88.0f));
    hn::StoreU(hn::Mul(hn::Div(g, hn::Add(one, hn::Exp(d, hn::Neg(g)))), hn::LoadU(d, up + i)), d, out + i);
  }
  for (; i < n; ++i) {
    const float g = std::max(gate[i], -88.0f);
    out[i] = g / (1.0f + std::exp(-g)) * up[i];
  }
}

/// One row of a source.
class RowReader {
 public:
  RowReader() = default;
  HWY_ATTR RowReader(const RowSource& rows, int64_t row, int64_t k)
      : x_(rows.x + row * (rows.gated ? 2 * k : k)),
        up_(rows.gated ? x_ + k : nullptr),
        weight_(rows.norm),
        factor_(rows.norm == nullptr ? 0 : NormFactor(x_, rows.eps, k)) {}

  /// Elements [begin, begin + n): where they lie, or in `made`.
  HWY_INLINE const float* Get(int64_t begin, int64_t n, float* made) const {
    if (up_ != nullptr) {
      Gate(x_ + begin, up_ + begin, n, made);
    } else if (weight_ != nullptr) {
      Scale(x_ + begin, factor_, weight_ + begin, n, made);
    } else {
      return x_ + begin;
    }
    return made;
  }

 private:
  const float* x_ = nullptr;
  const float* up_ = nullptr;
  const float* weight_ = nullptr;
  float factor_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_ROW_SOURCE_INL

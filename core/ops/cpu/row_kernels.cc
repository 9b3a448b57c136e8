#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/row_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "core/ops/cpu/row_kernels.h"
#include "core/ops/cpu/row_source-inl.h"
#include "core/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
using DH = hn::Rebind<hwy::float16_t, D>;

HWY_ATTR void MakeRowsTarget(const RowSource& rows, int64_t k, int64_t begin, int64_t end, float* out) {
  for (int64_t row = begin; row < end; ++row) {
    float* const to = out + row * k;
    const float* const made = RowReader(rows, row, k).Get(0, k, to);
    if (made != to) std::copy_n(made, k, to);
  }
}

/// x' = x * cos + partner * sin, where the sine has the sign that belongs to the place.
HWY_ATTR void RotateHeadsTarget(float* row, int heads, int head_dim, int rope_dim, bool neox, const float* cosines,
                                const float* sines) {
  const D d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const int half = rope_dim / 2;
  for (int h = 0; h < heads; ++h, row += head_dim) {
    int i = 0;
    if (neox) {
      for (; i + lanes <= half; i += lanes) {
        const V a = hn::LoadU(d, row + i), b = hn::LoadU(d, row + half + i);
        hn::StoreU(hn::MulAdd(b, hn::LoadU(d, sines + i), hn::Mul(a, hn::LoadU(d, cosines + i))), d, row + i);
        const V cos = hn::LoadU(d, cosines + half + i), sin = hn::LoadU(d, sines + half + i);
        hn::StoreU(hn::MulAdd(a, sin, hn::Mul(b, cos)), d, row + half + i);
      }
      for (; i < half; ++i) {
        const float a = row[i], b = row[half + i];
        row[i] = a * cosines[i] + b * sines[i];
        row[half + i] = b * cosines[half + i] + a * sines[half + i];
      }
      continue;
    }
#if HWY_TARGET != HWY_SCALAR
    for (; i + lanes <= rope_dim; i += lanes) {
      const V x = hn::LoadU(d, row + i), cos = hn::LoadU(d, cosines + i), sin = hn::LoadU(d, sines + i);
      hn::StoreU(hn::MulAdd(hn::Shuffle2301(x), sin, hn::Mul(x, cos)), d, row + i);
    }
#endif
    for (; i < rope_dim; i += 2) {
      const float a = row[i], b = row[i + 1];
      row[i] = a * cosines[i] + b * sines[i];
      row[i + 1] = b * cosines[i + 1] + a * sines[i + 1];
    }
  }
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
HWY_EXPORT(MakeRowsTarget);
HWY_EXPORT(ToHalfTarget);
HWY_EXPORT(RotateHeadsTarget);

void RotationTable(int32_t position, const float* inverse_frequencies, int rope_dim, bool neox, float* cosines,
                   float* sines) {
  const int half = rope_dim / 2;
  for (int pair = 0; pair < half; ++pair) {
    // The angle in double: in float, positions of some thousands lose digits that the logits show.
    const double theta = static_cast<double>(position) * inverse_frequencies[pair];
    const int first = neox ? pair : 2 * pair, second = neox ? pair + half : 2 * pair + 1;
    cosines[first] = cosines[second] = static_cast<float>(std::cos(theta));
    sines[second] = static_cast<float>(std::sin(theta));
    sines[first] = -sines[second];
  }
}
void RotateHeads(float* row, int heads, int head_dim, int rope_dim, bool neox, const float* cosines,
                 const float* sines) {
  HWY_DYNAMIC_DISPATCH(RotateHeadsTarget)(row, heads, head_dim, rope_dim, neox, cosines, sines);
}

void MakeRows(const RowSource& rows, int64_t k, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(MakeRowsTarget)(rows, k, begin, end, out);
}
void ToHalf(const float* src, uint16_t* dst, int64_t n) { HWY_DYNAMIC_DISPATCH(ToHalfTarget)(src, dst, n); }
}  // namespace retort::cpu
#endif

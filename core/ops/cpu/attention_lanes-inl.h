// Per-target: the products and the softmax of a page, for a block of queries in registers.
// Included once per Highway target.
#if defined(RETORT_ATTENTION_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_ATTENTION_LANES_INL
#undef RETORT_ATTENTION_LANES_INL
#else
#define RETORT_ATTENTION_LANES_INL
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <limits>
#include <type_traits>
#include <utility>

#include "core/ops/cpu/unroll-inl.h"
#include "core/ops/ops.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu::HWY_NAMESPACE::attention {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::CappedTag<float, 16>;
using VF = hn::Vec<F32>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(F32()));
constexpr int kPageVectors = kKvPageTokens / kLanes;
static_assert(kKvPageTokens % kLanes == 0);
// Queries of a block: two vectors of sums each fill the registers, of which AVX-512 has 32.
constexpr int kBlockQueries = HWY_MAX_BYTES >= 64 ? 12 : 6;

HWY_INLINE VF Load(const float* p) { return hn::LoadU(F32(), p); }
HWY_INLINE VF Load(const uint16_t* p) {
  const hn::Rebind<hwy::float16_t, F32> half;
  return hn::PromoteTo(F32(), hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(p)));
}
HWY_INLINE float One(float v) { return v; }
HWY_INLINE float One(uint16_t v) { return HalfToFloat(v); }

/// Into the second-level cache: asking for the first one read 9 GB/s on a Zen 4 core, this 13.
template <size_t kBytes>
HWY_INLINE void PrefetchBytes(const void* p) {
  for (size_t line = 0; line < kBytes; line += 64) __builtin_prefetch(static_cast<const std::byte*>(p) + line, 0, 2);
}

/// scores[kRows, kKvPageTokens] of queries [dim, kRows] with keys [dim, kKvPageTokens]; each is one sum over dim in
/// order. `next` are the keys wanted next.
template <int kRows, typename T>
HWY_ATTR void PageScores(const float* queries, const T* keys, const T* next, int dim, float* scores) {
  const F32 d;
  constexpr int kVectors = kPageVectors < 2 ? kPageVectors : 2;
  for (int column = 0; column < kKvPageTokens; column += kVectors * kLanes) {
    VF sum[kRows][kVectors];
    Unroll<kRows>([&](auto r)
                      RETORT_INLINE { Unroll<kVectors>([&](auto v) RETORT_INLINE { sum[r][v] = hn::Zero(d); }); });
    for (int i = 0; i < dim; ++i) {
      const T* const key = keys + i * kKvPageTokens + column;
      if (next != nullptr) PrefetchBytes<kVectors * kLanes * sizeof(T)>(next + i * kKvPageTokens + column);
      VF k[kVectors];
      Unroll<kVectors>([&](auto v) RETORT_INLINE { k[v] = Load(key + v * kLanes); });
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        const VF query = hn::Set(d, queries[i * kRows + r]);
        Unroll<kVectors>([&](auto v) RETORT_INLINE { sum[r][v] = hn::MulAdd(query, k[v], sum[r][v]); });
      });
    }
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      Unroll<kVectors>(
          [&](auto v) RETORT_INLINE { hn::StoreU(sum[r][v], d, scores + r * kKvPageTokens + column + v * kLanes); });
    });
  }
}

/// out[kRows, kVectors vectors], rows `ldo` apart, += weights [kRows, kKvPageTokens] · values [count, ldv], in order.
template <int kRows, int kVectors, typename T>
HWY_ATTR void AddColumns(const float* weights, const T* values, const T* next, int64_t ldv, int count, float* out,
                         int64_t ldo) {
  const F32 d;
  VF sum[kRows][kVectors];
  Unroll<kRows>([&](auto r) RETORT_INLINE {
    Unroll<kVectors>([&](auto v) RETORT_INLINE { sum[r][v] = hn::LoadU(d, out + r * ldo + v * kLanes); });
  });
  for (int p = 0; p < count; ++p) {
    if (next != nullptr) PrefetchBytes<kVectors * kLanes * sizeof(T)>(next + p * ldv);
    VF value[kVectors];
    Unroll<kVectors>([&](auto v) RETORT_INLINE { value[v] = Load(values + p * ldv + v * kLanes); });
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      const VF weight = hn::Set(d, weights[r * kKvPageTokens + p]);
      Unroll<kVectors>([&](auto v) RETORT_INLINE { sum[r][v] = hn::MulAdd(weight, value[v], sum[r][v]); });
    });
  }
  Unroll<kRows>([&](auto r) RETORT_INLINE {
    Unroll<kVectors>([&](auto v) RETORT_INLINE { hn::StoreU(sum[r][v], d, out + r * ldo + v * kLanes); });
  });
}

/// AddColumns over `vectors` vectors; few queries leave registers for more columns at once.
template <int kRows, typename T>
HWY_ATTR void AddPageValues(const float* weights, const T* values, const T* next, int64_t ldv, int count, int vectors,
                            float* out, int64_t ldo) {
  constexpr int kWide = kRows * 4 <= kBlockQueries * 2 ? 4 : 2;
  const auto ahead = [&](int v) { return next == nullptr ? nullptr : next + v * kLanes; };
  int v = 0;
  for (; v + kWide <= vectors; v += kWide) {
    AddColumns<kRows, kWide>(weights, values + v * kLanes, ahead(v), ldv, count, out + v * kLanes, ldo);
  }
  for (; v < vectors; ++v) {
    AddColumns<kRows, 1>(weights, values + v * kLanes, ahead(v), ldv, count, out + v * kLanes, ldo);
  }
}

/// A query's state over the keys so far: the greatest score, sums of exp(score - greatest) a lane, and the values
/// weighted by the same.
struct State {
  float* greatest;
  float* sums;  // kLanes
  float* out;   // `width` floats, a whole number of vectors
};

HWY_ATTR inline void Clear(const State& state, int64_t width) {
  const F32 d;
  // Finite, so that it less the score of a hidden key, -infinity, is no NaN.
  *state.greatest = std::numeric_limits<float>::lowest();
  hn::StoreU(hn::Zero(d), d, state.sums);
  for (int64_t i = 0; i < width; i += kLanes) hn::StoreU(hn::Zero(d), d, state.out + i);
}

HWY_ATTR inline void Scale(const State& state, VF factor, int64_t width) {
  const F32 d;
  hn::StoreU(hn::Mul(hn::LoadU(d, state.sums), factor), d, state.sums);
  for (int64_t i = 0; i < width; i += kLanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, state.out + i), factor), d, state.out + i);
  }
}

/// Turn a page's scores, of which the first `visible` count, into weights relative to the greatest score so far, which
/// rises first if one of them is greater. A page without visible scores changes nothing.
HWY_ATTR inline void AddPageSoftmax(float* scores, int visible, const State& state, int64_t width) {
  const F32 d;
  VF s[kPageVectors];
  Unroll<kPageVectors>([&](auto v) RETORT_INLINE { s[v] = hn::LoadU(d, scores + v * kLanes); });
  if (visible < kKvPageTokens) {
    const VF hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
    Unroll<kPageVectors>([&](auto v) RETORT_INLINE {
      const int left = visible - v * kLanes;
      s[v] = hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(left < 0 ? 0 : left)), s[v], hidden);
    });
  }
  VF most = s[0];
  Unroll<kPageVectors - 1>([&](auto v) RETORT_INLINE { most = hn::Max(most, s[v + 1]); });
  VF greatest = hn::Set(d, *state.greatest);
  if (!hn::AllFalse(d, hn::Gt(most, greatest))) {
    const VF raised = hn::MaxOfLanes(d, most);
    Scale(state, hn::Exp(d, hn::Sub(greatest, raised)), width);
    greatest = raised;
    *state.greatest = hn::GetLane(raised);
  }
  VF sum = hn::LoadU(d, state.sums);
  Unroll<kPageVectors>([&](auto v) RETORT_INLINE {
    const VF weight = hn::Exp(d, hn::Sub(s[v], greatest));
    hn::StoreU(weight, d, scores + v * kLanes);
    sum = hn::Add(sum, weight);
  });
  hn::StoreU(sum, d, state.sums);
}

/// total = the state over the keys of `total` and then those of `part`.
HWY_ATTR inline void Fold(const State& total, const State& part, int64_t width) {
  const F32 d;
  const VF a = hn::Set(d, *total.greatest), b = hn::Set(d, *part.greatest);
  const VF greatest = hn::Max(a, b);
  const VF of_total = hn::Exp(d, hn::Sub(a, greatest)), of_part = hn::Exp(d, hn::Sub(b, greatest));
  const auto fold = [&](float* to, const float* from) RETORT_INLINE {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, from), of_part, hn::Mul(hn::LoadU(d, to), of_total)), d, to);
  };
  *total.greatest = hn::GetLane(greatest);
  fold(total.sums, part.sums);
  for (int64_t i = 0; i < width; i += kLanes) fold(total.out + i, part.out + i);
}

/// out[dim] = the mean of the values that `state` stands for.
HWY_ATTR inline void Finish(const State& state, int dim, float* out) {
  const F32 d;
  const VF inverse = hn::Set(d, 1.0f / hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, state.sums))));
  int i = 0;
  for (; i + kLanes <= dim; i += kLanes) hn::StoreU(hn::Mul(hn::LoadU(d, state.out + i), inverse), d, out + i);
  for (; i < dim; ++i) out[i] = state.out[i] * hn::GetLane(inverse);
}

}  // namespace retort::cpu::HWY_NAMESPACE::attention
HWY_AFTER_NAMESPACE();
#endif  // RETORT_ATTENTION_LANES_INL

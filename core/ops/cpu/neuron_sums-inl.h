// Per-target: columns of neurons, each times a factor, onto the results of rows. Included once per Highway target.
#if defined(RETORT_NEURON_SUMS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_NEURON_SUMS_INL
#undef RETORT_NEURON_SUMS_INL
#else
#define RETORT_NEURON_SUMS_INL
#endif

#include "core/ops/cpu/neuron_dots-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// Results of rows, `row_floats` apart; `begin`: they hold nothing yet.
struct Results {
  float* y;
  int64_t row_floats;
  bool begin;
};

HWY_INLINE NV LoadResult(const Results& to, int row, int64_t k) {
  return to.begin ? hn::Zero(NF()) : hn::LoadU(NF(), to.y + row * to.row_floats + k);
}
HWY_INLINE void StoreResult(NV v, const Results& to, int row, int64_t k) {
  hn::StoreU(v, NF(), to.y + row * to.row_floats + k);
}

/// y[R][S] += Σ_n factors[R][kGroupNeurons] column_n[S], neuron after neuron; `w` are columns of float types.
template <DType kType, int kRows>
HWY_INLINE void AddFloatColumns(const DotRows& w, const float* factors, int64_t stride, const Results& to) {
  const NF d;
  for (int64_t k = 0; k < stride; k += kNeuronLanes) {
    NV weight[kGroupNeurons];
    Unroll<kGroupNeurons>([&](auto n) RETORT_INLINE {
      weight[n] = Elements<kType>::Load(w.elements[n], k);
      Ahead(w.next[n] + k * Elements<kType>::kBytes);
    });
    Unroll<kRows>([&](auto r) RETORT_INLINE {
      NV sum = LoadResult(to, r, k);
      Unroll<kGroupNeurons>(
          [&](auto n) RETORT_INLINE { sum = hn::MulAdd(hn::Set(d, factors[r * kGroupNeurons + n]), weight[n], sum); });
      StoreResult(sum, to, r, k);
    });
  }
}

/// The same of q8_0: a factor and a block's scale are multiplied first.
template <int kRows>
HWY_INLINE void AddBlockColumns(const DotRows& w, const float* factors, int64_t stride, const Results& to) {
  const NF d;
  float scaled[kRows][kGroupNeurons][kScaleGroup];
  for (int64_t k = 0; k < stride; k += kQuantBlock) {
    const int64_t block = k / kQuantBlock, at = block % kScaleGroup;
    if (at == 0) {
      Unroll<kGroupNeurons>([&](auto n) RETORT_INLINE {
        for (int i = 0; i < kScaleGroup; i += kNeuronLanes) {
          const NV scales = FromHalves(w.scales[n] + block + i);
          Unroll<kRows>([&](auto r) RETORT_INLINE {
            const NV factor = hn::Set(d, factors[r * kGroupNeurons + n]);
            hn::StoreU(hn::Mul(factor, scales), d, scaled[r][n] + i);
          });
        }
      });
    }
    Unroll<kGroupNeurons>([&](auto n) RETORT_INLINE { Ahead(w.next[n] + k); });
    for (int64_t i = k; i < k + kQuantBlock; i += kNeuronLanes) {
      NV weight[kGroupNeurons];
      Unroll<kGroupNeurons>([&](auto n) RETORT_INLINE { weight[n] = LoadIntegers(w.elements[n], i); });
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        NV sum = LoadResult(to, r, i);
        Unroll<kGroupNeurons>([&](auto n)
                                  RETORT_INLINE { sum = hn::MulAdd(hn::Set(d, scaled[r][n][at]), weight[n], sum); });
        StoreResult(sum, to, r, i);
      });
    }
  }
}

template <DType kType, int kRows>
HWY_INLINE void AddColumns(const DotRows& w, const float* factors, int64_t stride, const Results& to) {
  if constexpr (kType == DType::kQ8_0) {
    AddBlockColumns<kRows>(w, factors, stride, to);
  } else {
    AddFloatColumns<kType, kRows>(w, factors, stride, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_NEURON_SUMS_INL

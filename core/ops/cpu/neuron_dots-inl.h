// Per-target: products of activations with the rows of neurons. Each is one accumulator over the inputs in order,
// summed across its lanes at the end, whatever shares the tile. Included once per Highway target.
#if defined(RETORT_NEURON_DOTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_NEURON_DOTS_INL
#undef RETORT_NEURON_DOTS_INL
#else
#define RETORT_NEURON_DOTS_INL
#endif

#include <algorithm>

#include "core/ops/cpu/neuron_elements-inl.h"
#include "core/ops/cpu/sparse_feed_forward.h"
#if HWY_TARGET != HWY_SCALAR
#include "core/ops/cpu/int_dot-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// The rows of gate, or of up, of the neurons of a group, and those to ask for meanwhile.
struct DotRows {
  const std::byte* elements[kGroupNeurons];
  const uint16_t* scales[kGroupNeurons];  // of q8_0
  const std::byte* next[kGroupNeurons];
};

/// Rows of activations as a kernel reads them.
struct FloatInput {
  const float* x;
  int64_t stride;
};
struct ByteInput {
  const int8_t* q;
  const float* scale;
  const int32_t* start;
  int64_t stride, scale_stride;
};

/// Sums across lanes into out[kRows][kGroupNeurons], neurons from `first` on.
template <int kRows, size_t kSums>
HWY_INLINE void SumLanes(const NV (&sum)[kSums], int first, float* out) {
  Unroll<kSums>([&](auto i) RETORT_INLINE {
    constexpr int kNeuron = i / kRows, kRow = i % kRows;
    out[kRow * kGroupNeurons + first + kNeuron] = hn::GetLane(hn::SumOfLanes(NF(), sum[i]));
  });
}

/// kRows rows by 8 / kRows neurons from `first` on, of float types.
template <DType kType, int kRows>
HWY_INLINE void FloatDotTile(const DotRows& w, int first, const FloatInput& in, float* out) {
  constexpr int kCount = kGroupNeurons / kRows;
  const NF d;
  NV sum[kCount * kRows];
  Unroll<kCount * kRows>([&](auto i) RETORT_INLINE { sum[i] = hn::Zero(d); });
  for (int64_t k = 0; k < in.stride; k += kNeuronLanes) {
    Unroll<kCount>([&](auto n) RETORT_INLINE {
      const NV weight = Elements<kType>::Load(w.elements[first + n], k);
      Ahead(w.next[first + n] + k * Elements<kType>::kBytes);
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        NV& to = sum[n * kRows + r];
        to = hn::MulAdd(hn::LoadU(d, in.x + r * in.stride + k), weight, to);
      });
    });
  }
  SumLanes<kRows>(sum, first, out);
}

/// The same of q8_0: sums of a block, times its scale.
template <int kRows>
HWY_INLINE void BlockDotTile(const DotRows& w, int first, const FloatInput& in, float* out) {
  constexpr int kCount = kGroupNeurons / kRows, kVectors = kQuantBlock / kNeuronLanes;
  const NF d;
  NV sum[kCount * kRows];
  Unroll<kCount * kRows>([&](auto i) RETORT_INLINE { sum[i] = hn::Zero(d); });
  float scales[kCount][kScaleGroup];
  for (int64_t k = 0; k < in.stride; k += kQuantBlock) {
    const int64_t block = k / kQuantBlock, at = block % kScaleGroup;
    if (at == 0) Unroll<kCount>([&](auto n) RETORT_INLINE { LoadScales(w.scales[first + n] + block, scales[n]); });
    Unroll<kCount>([&](auto n) RETORT_INLINE {
      Ahead(w.next[first + n] + k);
      NV weight[kVectors];
      Unroll<kVectors>(
          [&](auto v) RETORT_INLINE { weight[v] = LoadOffsetIntegers(w.elements[first + n], k + v * kNeuronLanes); });
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        const float* const x = in.x + r * in.stride + k;
        NV of_block = hn::Mul(hn::LoadU(d, x), weight[0]);
        Unroll<kVectors - 1>([&](auto v) RETORT_INLINE {
          of_block = hn::MulAdd(hn::LoadU(d, x + (v + 1) * kNeuronLanes), weight[v + 1], of_block);
        });
        NV& to = sum[n * kRows + r];
        to = hn::MulAdd(of_block, hn::Set(d, scales[n][at]), to);
      });
    });
  }
  SumLanes<kRows>(sum, first, out);
}
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL

/// For pair p of sixteen blocks the lanes of its scales: eight times that of 2 p, eight times that of 2 p + 1.
struct PairLanes {
  constexpr PairLanes() {
    for (int pair = 0; pair < 8; ++pair) {
      for (int i = 0; i < 16; ++i) lanes[pair][i] = 2 * pair + i / 8;
    }
  }
  int32_t lanes[8][16] = {};
};
HWY_ALIGN constexpr PairLanes kPairLanes;

/// q8_0 by bytes, two blocks a vector. The scales of both sides are multiplied for sixteen blocks at once.
template <int kRows>
HWY_INLINE void ByteDotTile(const DotRows& w, int first, const ByteInput& in, float* out) {
  constexpr int kCount = kGroupNeurons / kRows;
  const NF d;
  const Dot32 di;
  const Dot8 d8;
  NV sum[kCount * kRows], scale[kCount * kRows];
  Unroll<kCount * kRows>([&](auto i) RETORT_INLINE { sum[i] = hn::Zero(d); });
  const int64_t pairs = in.stride / 64;
  for (int64_t begin = 0; begin < pairs; begin += 8) {
    Unroll<kCount>([&](auto n) RETORT_INLINE {
      const NV of_weights = FromHalves(w.scales[first + n] + 2 * begin);
      Unroll<kRows>([&](auto r) RETORT_INLINE {
        scale[n * kRows + r] = hn::Mul(of_weights, hn::LoadU(d, in.scale + r * in.scale_stride + 2 * begin));
      });
    });
    const int64_t end = std::min(pairs, begin + 8);
    for (int64_t pair = begin; pair < end; ++pair) {
      const auto lanes = hn::SetTableIndices(d, kPairLanes.lanes[pair - begin]);
      Unroll<kCount>([&](auto n) RETORT_INLINE {
        const auto weight = hn::LoadU(d8, reinterpret_cast<const uint8_t*>(w.elements[first + n]) + 64 * pair);
        Ahead(w.next[first + n] + 64 * pair);
        Unroll<kRows>([&](auto r) RETORT_INLINE {
          const auto x = hn::LoadU(d8, reinterpret_cast<const uint8_t*>(in.q + r * in.stride + 64 * pair));
          const auto dots = ByteDots(hn::LoadU(di, in.start + (r * in.stride + 64 * pair) / 4), weight, x);
          NV& to = sum[n * kRows + r];
          to = hn::MulAdd(hn::ConvertTo(d, dots), hn::TableLookupLanes(scale[n * kRows + r], lanes), to);
        });
      });
    }
  }
  SumLanes<kRows>(sum, first, out);
}

#else
template <int kRows>
HWY_INLINE void ByteDotTile(const DotRows&, int, const ByteInput&, float*) {}
#endif

/// out[kRows][kGroupNeurons]
template <DType kType, int kRows>
HWY_INLINE void Dots(const DotRows& w, const FloatInput& in, float* out) {
  for (int first = 0; first < kGroupNeurons; first += kGroupNeurons / kRows) {
    if constexpr (kType == DType::kQ8_0) {
      BlockDotTile<kRows>(w, first, in, out);
    } else {
      FloatDotTile<kType, kRows>(w, first, in, out);
    }
  }
}
template <DType kType, int kRows>
HWY_INLINE void Dots(const DotRows& w, const ByteInput& in, float* out) {
  static_assert(kType == DType::kQ8_0);
  for (int first = 0; first < kGroupNeurons; first += kGroupNeurons / kRows) ByteDotTile<kRows>(w, first, in, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_NEURON_DOTS_INL

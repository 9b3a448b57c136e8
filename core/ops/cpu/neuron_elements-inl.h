// Per-target: elements of a neuron's rows as float vectors. Included once per Highway target.
#if defined(RETORT_NEURON_ELEMENTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_NEURON_ELEMENTS_INL
#undef RETORT_NEURON_ELEMENTS_INL
#else
#define RETORT_NEURON_ELEMENTS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "core/ops/cpu/unroll-inl.h"
#include "core/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using NF = hn::CappedTag<float, 16>;
using NV = hn::Vec<NF>;
constexpr int kNeuronLanes = static_cast<int>(hn::MaxLanes(NF()));

/// Ask for the cache line at p, which is read soon.
HWY_INLINE void Ahead(const void* p) { __builtin_prefetch(p, 0, 3); }

/// Halves from p on, as floats.
HWY_INLINE NV FromHalves(const uint16_t* p) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(NF(), HalfToFloat(*p));
#else
  const hn::Rebind<hwy::float16_t, NF> dh;
  return hn::PromoteTo(NF(), hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(p)));
#endif
}

/// Load gives elements k, k + 1, ... of a row of a float type; kBytes: of one.
template <DType kType>
struct Elements;
template <>
struct Elements<DType::kF32> {
  static constexpr int64_t kBytes = 4;
  static HWY_INLINE NV Load(const std::byte* row, int64_t k) {
    return hn::LoadU(NF(), reinterpret_cast<const float*>(row) + k);
  }
};
template <>
struct Elements<DType::kF16> {
  static constexpr int64_t kBytes = 2;
  static HWY_INLINE NV Load(const std::byte* row, int64_t k) {
    return FromHalves(reinterpret_cast<const uint16_t*>(row) + k);
  }
};
template <>
struct Elements<DType::kBF16> {
  static constexpr int64_t kBytes = 2;
  static HWY_INLINE NV Load(const std::byte* row, int64_t k) {
    const hn::Rebind<uint16_t, NF> d16;
    const hn::RebindToUnsigned<NF> d32;
    const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(row) + k));
    return hn::BitCast(NF(), hn::ShiftLeft<16>(bits));
  }
};

/// The integers of q8_0 that are stored as they are.
HWY_INLINE NV LoadIntegers(const std::byte* row, int64_t k) {
  const hn::Rebind<int8_t, NF> d8;
  const hn::RebindToSigned<NF> d32;
  return hn::ConvertTo(NF(), hn::PromoteTo(d32, hn::LoadU(d8, reinterpret_cast<const int8_t*>(row) + k)));
}
/// Those that are stored plus 128.
HWY_INLINE NV LoadOffsetIntegers(const std::byte* row, int64_t k) {
  const hn::Rebind<int8_t, NF> d8;
  const hn::RebindToSigned<NF> d32;
  const auto bytes = hn::LoadU(d8, reinterpret_cast<const int8_t*>(row) + k);
  return hn::ConvertTo(NF(), hn::PromoteTo(d32, hn::Xor(bytes, hn::Set(d8, INT8_MIN))));
}

/// Scales of so many blocks are made floats at once.
constexpr int kScaleGroup = 16;
HWY_INLINE void LoadScales(const uint16_t* halves, float* out) {
  for (int i = 0; i < kScaleGroup; i += kNeuronLanes) hn::StoreU(FromHalves(halves + i), NF(), out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_NEURON_ELEMENTS_INL

// Per-target: integer products summed within 32-bit lanes. Included once per Highway target.
#if defined(RETORT_INT_DOT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_INT_DOT_INL
#undef RETORT_INT_DOT_INL
#else
#define RETORT_INT_DOT_INL
#endif

#include <hwy/highway.h>

#include "core/ops/cpu/grouped_weight.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The 16-bit and 8-bit lanes of a vector of up to sixteen 32-bit ones.
using Dot32 = hn::CappedTag<int32_t, kGroupRows>;
using Dot16 = hn::Repartition<int16_t, Dot32>;
using Dot8 = hn::Repartition<uint8_t, Dot32>;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define RETORT_DOT_BITS 512
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
#define RETORT_DOT_BITS 256
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
#define RETORT_DOT_BITS 128
#else
#define RETORT_DOT_BITS 0
#endif

/// w[2i] * x[2i] + w[2i + 1] * x[2i + 1] in 32 bits.
HWY_INLINE hn::Vec<Dot32> PairSums(hn::Vec<Dot16> w, hn::Vec<Dot16> x) {
#if RETORT_DOT_BITS == 512
  return hn::Vec<Dot32>{_mm512_madd_epi16(w.raw, x.raw)};
#elif RETORT_DOT_BITS == 256
  return hn::Vec<Dot32>{_mm256_madd_epi16(w.raw, x.raw)};
#elif RETORT_DOT_BITS == 128
  return hn::Vec<Dot32>{_mm_madd_epi16(w.raw, x.raw)};
#else
  const Dot32 d;
  const auto w32 = hn::BitCast(d, w), x32 = hn::BitCast(d, x);
  const auto even = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(w32)), hn::ShiftRight<16>(hn::ShiftLeft<16>(x32)));
  return hn::Add(even, hn::Mul(hn::ShiftRight<16>(w32), hn::ShiftRight<16>(x32)));
#endif
}

/// w[2i] * x[2i] + w[2i + 1] * x[2i + 1] in 16 bits, w unsigned and x signed bytes. The sum must fit.
HWY_INLINE hn::Vec<Dot16> BytePairSums(hn::Vec<Dot8> w, hn::Vec<Dot8> x) {
#if RETORT_DOT_BITS == 512
  return hn::Vec<Dot16>{_mm512_maddubs_epi16(w.raw, x.raw)};
#elif RETORT_DOT_BITS == 256
  return hn::Vec<Dot16>{_mm256_maddubs_epi16(w.raw, x.raw)};
#elif RETORT_DOT_BITS == 128
  return hn::Vec<Dot16>{_mm_maddubs_epi16(w.raw, x.raw)};
#else
  const Dot16 d;
  const hn::RebindToUnsigned<Dot16> du;
  const auto x16 = hn::BitCast(d, x);
  const auto w_even = hn::And(hn::BitCast(d, w), hn::Set(d, 255));
  const auto w_odd = hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(du, w)));
  return hn::Add(hn::Mul(w_even, hn::ShiftRight<8>(hn::ShiftLeft<8>(x16))), hn::Mul(w_odd, hn::ShiftRight<8>(x16)));
#endif
}
#undef RETORT_DOT_BITS

/// sum + the four products of each lane's bytes, w unsigned and x signed, without any limit but 32 bits. (VNNI) Those
/// of x are the same in every lane and stand at `x`. Only where kHasByteDot.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
HWY_INLINE hn::Vec<Dot32> ByteDot(hn::Vec<Dot32> sum, hn::Vec<Dot8> w, const int8_t* x) {
  // As an instruction, since Highway 1.0 compiles this target without the feature that the intrinsic asks for.
  struct Four {
    int8_t bytes[4];
  };
  __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum.raw) : "v"(w.raw), "m"(*reinterpret_cast<const Four*>(x)));
  return sum;
}
/// The same with bytes of their own for every lane.
HWY_INLINE hn::Vec<Dot32> ByteDots(hn::Vec<Dot32> sum, hn::Vec<Dot8> w, hn::Vec<Dot8> x) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(w.raw), "v"(x.raw));
  return sum;
}
#else
HWY_INLINE hn::Vec<Dot32> ByteDot(hn::Vec<Dot32> sum, hn::Vec<Dot8>, const int8_t*) { return sum; }
HWY_INLINE hn::Vec<Dot32> ByteDots(hn::Vec<Dot32> sum, hn::Vec<Dot8>, hn::Vec<Dot8>) { return sum; }
#endif

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_INT_DOT_INL

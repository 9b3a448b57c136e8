// Per-target: how activations meet the integers of each weight type. Shared by the code that makes them and the code
// that multiplies. Included once per Highway target.
#if defined(RETORT_QUANTISED_FORMAT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RETORT_QUANTISED_FORMAT_INL
#undef RETORT_QUANTISED_FORMAT_INL
#else
#define RETORT_QUANTISED_FORMAT_INL
#endif

#include <hwy/highway.h>

#include "core/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {

/// Rows of a tile: their sums, in floats and in integers, and a weight are in registers at once. (32 of them, or 16.)
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr int kQuantisedTileRows = 8;
#else
inline constexpr int kQuantisedTileRows = 4;
#endif

/// Whether bytes can be multiplied and summed in 32 bits at once. (VNNI)
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
inline constexpr bool kHasByteDot = true;
#else
inline constexpr bool kHasByteDot = false;
#endif

/// 8-bit weights have partners of 16 bits where the processor has no sums of byte products in 32 bits.
constexpr bool WideActivations(DType weights) { return weights == DType::kQ8_0 && !kHasByteDot; }

/// What is subtracted from the integers of a type that has no minimum of its own.
constexpr int Centre(DType weights) {
  switch (weights) {
    case DType::kQ8_0: return 128;
    case DType::kQ4_0: return 8;
    case DType::kQ5_0: return 16;
    case DType::kQ6_K: return 32;
    default: return 0;
  }
}
constexpr bool HasMinimum(DType weights) {
  return weights == DType::kQ4_1 || weights == DType::kQ5_1 || weights == DType::kQ4_K || weights == DType::kQ5_K;
}
/// Parts of a block of 32 that have a scale of their own.
constexpr int Halves(DType weights) { return weights == DType::kQ6_K ? 2 : 1; }

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();
#endif  // RETORT_QUANTISED_FORMAT_INL

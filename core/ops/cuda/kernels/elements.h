// Single elements of every storage type as floats, read and written where they lie.
#pragma once

#include "core/ops/cuda/kernels/host_device.h"
#include "core/tensor/blocks.h"

namespace retort::cuda {

/// IEEE half to float, exact.
RETORT_HD inline float LoadHalf(uint16_t half) {
#if defined(__CUDA_ARCH__)
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half));
  return value;
#else
  uint32_t bits = (half & 0x7fffu) << 13;
  const uint32_t exponent = bits & 0x0f800000u;
  bits += (127u - 15u) << 23;
  if (exponent == 0x0f800000u) bits += (128u - 16u) << 23;  // infinity and NaN
  if (exponent == 0) bits += 1u << 23;                      // subnormal: carries a one bit, taken off again below
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  if (exponent == 0) value -= 6.103515625e-05f;  // 2^-14
  return (half & 0x8000u) != 0 ? -value : value;
#endif
}

/// Float to IEEE half, to nearest even; beyond the range infinity.
RETORT_HD inline uint16_t RoundToHalf(float value) {
#if defined(__CUDA_ARCH__)
  uint16_t half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
  return half;
#else
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  bits &= 0x7fffffffu;
  if (bits >= 0x47800000u) return sign | (bits > 0x7f800000u ? 0x7e00u : 0x7c00u);  // >= 65536, infinity, NaN
  if (bits < 0x38800000u) {  // below 2^-14: adding 0.5 rounds at the half's last subnormal bit
    float magnitude;
    __builtin_memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude += 0.5f;
    __builtin_memcpy(&bits, &magnitude, sizeof bits);
    return static_cast<uint16_t>(sign | (bits - 0x3f000000u));
  }
  bits += 0xc8000fffu + ((bits >> 13) & 1u);  // exponent bias 127 -> 15, and half a unit, ties to even
  return static_cast<uint16_t>(sign | (bits >> 13));
#endif
}

/// Element `k` of a row of `kType` that begins at `row`. Neighbouring lanes with neighbouring k read neighbouring
/// bytes.
template <DType kType>
RETORT_HD inline float ElementAt(const void* row, int64_t k) {
  if constexpr (kType == DType::kF32) {
    return static_cast<const float*>(row)[k];
  } else if constexpr (kType == DType::kF16) {
    return LoadHalf(static_cast<const uint16_t*>(row)[k]);
  } else if constexpr (kType == DType::kBF16) {
    const uint32_t bits = uint32_t{static_cast<const uint16_t*>(row)[k]} << 16;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
  } else {
    using Block = typename BlockOf<kType>::Type;
    constexpr int kElements = requires(Block b) { b.scales; }
    ? kSuperBlock : kQuantBlock;
    const Block& block = static_cast<const Block*>(row)[k / kElements];
    const int i = static_cast<int>(k % kElements);
    const float d = LoadHalf(block.d);
    const int q = Integer(block, i);
    if constexpr (kType == DType::kQ8_0) {
      return d * static_cast<float>(q);
    } else if constexpr (kType == DType::kQ4_0 || kType == DType::kQ5_0) {
      return d * static_cast<float>(q - (kType == DType::kQ4_0 ? 8 : 16));
    } else if constexpr (kType == DType::kQ4_1 || kType == DType::kQ5_1) {
      return d * static_cast<float>(q) + LoadHalf(block.m);
    } else if constexpr (kType == DType::kQ6_K) {
      return d * static_cast<float>(block.scales[i / 16]) * static_cast<float>(q - 32);
    } else {
      static_assert(kType == DType::kQ4_K || kType == DType::kQ5_K);
      const float low = LoadHalf(block.dmin) * static_cast<float>(KMin(block.scales, i / 32));
      return d * static_cast<float>(KScale(block.scales, i / 32)) * static_cast<float>(q) - low;
    }
  }
}

/// Store `value` as element `k` of a row of f32 or f16.
template <DType kType>
RETORT_HD inline void StoreElement(void* row, int64_t k, float value) {
  static_assert(kType == DType::kF32 || kType == DType::kF16);
  if constexpr (kType == DType::kF32) {
    static_cast<float*>(row)[k] = value;
  } else {
    static_cast<uint16_t*>(row)[k] = RoundToHalf(value);
  }
}

}  // namespace retort::cuda

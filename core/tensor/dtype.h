// Element types and the exact layout of block-quantised types (those of GGUF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// Values are Retort's own; GGUF type numbers are mapped in core/model/gguf.
enum class DType : int32_t { kF32 = 0, kF16 = 1, kBF16 = 2, kQ8_0 = 3, kQ4_0 = 4, kQ4_1 = 5, kI32 = 6 };

inline constexpr int kQuantBlock = 32;  // elements in a block of every quantised type here

// Blocks as they lie in a GGUF file, little endian. `d` and `m` are IEEE half floats.
struct BlockQ8_0 {
  uint16_t d;
  int8_t q[32];
};  // w = d * q
struct BlockQ4_0 {
  uint16_t d;
  uint8_t q[16];
};  // w = d * (nibble - 8)
struct BlockQ4_1 {
  uint16_t d;
  uint16_t m;
  uint8_t q[16];
};  // w = d * nibble + m
// Nibbles: element i in the low half of q[i], element i + 16 in the high half.
static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20);

/// "f32", "q8_0", ...
std::string_view DTypeName(DType type);
/// The type with this name, or kInvalidArgument listing the names.
Result<DType> DTypeFromName(std::string_view name);

/// Elements per block: 32 for quantised types, else 1.
int DTypeBlockElements(DType type);
/// Bytes per block.
size_t DTypeBlockBytes(DType type);
/// Bytes of a row of `elements`, which must be a multiple of DTypeBlockElements.
inline size_t DTypeRowBytes(DType type, int64_t elements) {
  return static_cast<size_t>(elements / DTypeBlockElements(type)) * DTypeBlockBytes(type);
}
inline bool DTypeIsQuantised(DType type) {
  return type == DType::kQ8_0 || type == DType::kQ4_0 || type == DType::kQ4_1;
}

float HalfToFloat(uint16_t h);
uint16_t FloatToHalf(float f);  // round to nearest even
inline float BFloat16ToFloat(uint16_t b) {
  const uint32_t bits = uint32_t{b} << 16;
  float f;
  __builtin_memcpy(&f, &bits, sizeof f);
  return f;
}
uint16_t FloatToBFloat16(float f);  // round to nearest even

/// Expand `elements` values (a multiple of the block size) of `type` into floats. Reference code: exact, scalar.
void DequantiseRow(DType type, const void* src, float* dst, int64_t elements);
/// Round floats into `type` as llama.cpp's reference quantisers do (Q8_0, Q4_0, Q4_1), or to nearest (F16, BF16).
void QuantiseRow(DType type, const float* src, void* dst, int64_t elements);

}  // namespace retort

// Element types: names, sizes, conversion. The layout of quantised blocks is in blocks.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// Values are Retort's own; GGUF type numbers are mapped in core/model/gguf.
enum class DType : int32_t {
  kF32 = 0,
  kF16 = 1,
  kBF16 = 2,
  kQ8_0 = 3,
  kQ4_0 = 4,
  kQ4_1 = 5,
  kI32 = 6,
  kQ5_0 = 7,
  kQ5_1 = 8,
  kQ4_K = 9,
  kQ5_K = 10,
  kQ6_K = 11
};
inline constexpr int kDTypes = 12;

inline constexpr int kQuantBlock = 32;   // elements in a block of q8_0, q4_0, q4_1, q5_0, q5_1
inline constexpr int kSuperBlock = 256;  // elements in a block of q4_k, q5_k, q6_k

/// "f32", "q8_0", ...
std::string_view DTypeName(DType type);
/// The type with this name, or kInvalidArgument listing the names.
Result<DType> DTypeFromName(std::string_view name);

/// Elements per block: 32 or 256 for quantised types, else 1.
int DTypeBlockElements(DType type);
/// Bytes per block.
size_t DTypeBlockBytes(DType type);
/// Bytes of a row of `elements`, which must be a multiple of DTypeBlockElements.
inline size_t DTypeRowBytes(DType type, int64_t elements) {
  return static_cast<size_t>(elements / DTypeBlockElements(type)) * DTypeBlockBytes(type);
}
inline bool DTypeIsQuantised(DType type) { return DTypeBlockElements(type) > 1; }

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
/// Round floats into `type`: byte for byte as llama.cpp's reference quantisers for blocks of 32, with a search like
/// theirs for blocks of 256 (quantise_k.cc), to nearest for F16 and BF16.
void QuantiseRow(DType type, const float* src, void* dst, int64_t elements);

}  // namespace retort

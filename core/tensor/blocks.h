// Quantised blocks as they lie in a GGUF file (little endian), and how to find one element in them.
// Scales `d`, `dmin` and offsets `m` are IEEE half floats. The functions are constexpr so that CUDA kernels share them.
#pragma once

#include "core/tensor/dtype.h"

namespace retort {

struct BlockQ8_0 {
  uint16_t d;
  int8_t q[32];
};  // w = d * q
struct BlockQ4_0 {
  uint16_t d;
  uint8_t q[16];
};  // w = d * (q - 8)
struct BlockQ4_1 {
  uint16_t d;
  uint16_t m;
  uint8_t q[16];
};  // w = d * q + m
struct BlockQ5_0 {
  uint16_t d;
  uint8_t high[4];
  uint8_t q[16];
};  // w = d * (q - 16)
struct BlockQ5_1 {
  uint16_t d;
  uint16_t m;
  uint8_t high[4];
  uint8_t q[16];
};  // w = d * q + m
// Of 32 elements: nibble i is the low half of q[i], nibble i + 16 its high half; bit i of `high` is the fifth.

struct BlockQ4_K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];  // see KScale and KMin
  uint8_t q[128];
};  // w = d * scale * q - dmin * min, scale and min for each 32 elements
struct BlockQ5_K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t high[32];
  uint8_t q[128];
};
struct BlockQ6_K {
  uint8_t q[128];
  uint8_t high[64];
  int8_t scales[16];
  uint16_t d;
};  // w = d * scale * (q - 32), scale for each 16 elements

static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20);
static_assert(sizeof(BlockQ5_0) == 22 && sizeof(BlockQ5_1) == 24);
static_assert(sizeof(BlockQ4_K) == 144 && sizeof(BlockQ5_K) == 176 && sizeof(BlockQ6_K) == 210);

/// The block of a quantised type.
template <DType kType>
struct BlockOf;
// clang-format off
template <> struct BlockOf<DType::kQ8_0> { using Type = BlockQ8_0; };
template <> struct BlockOf<DType::kQ4_0> { using Type = BlockQ4_0; };
template <> struct BlockOf<DType::kQ4_1> { using Type = BlockQ4_1; };
template <> struct BlockOf<DType::kQ5_0> { using Type = BlockQ5_0; };
template <> struct BlockOf<DType::kQ5_1> { using Type = BlockQ5_1; };
template <> struct BlockOf<DType::kQ4_K> { using Type = BlockQ4_K; };
template <> struct BlockOf<DType::kQ5_K> { using Type = BlockQ5_K; };
template <> struct BlockOf<DType::kQ6_K> { using Type = BlockQ6_K; };
// clang-format on

/// Scale and minimum of elements 32 j to 32 j + 31, 0 to 63: the first four of each lie in the low six bits of bytes
/// 0-3 and 4-7; the others' low nibbles share bytes 8-11, and their top bits are those left over in bytes 0-7.
constexpr int KScale(const uint8_t (&s)[12], int j) {
  return j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6 << 4);
}
constexpr int KMin(const uint8_t (&s)[12], int j) { return j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6 << 4); }

/// q of element i, before anything is subtracted from it.
constexpr int Integer(const BlockQ8_0& b, int i) { return b.q[i]; }
constexpr int Integer(const BlockQ4_0& b, int i) { return (b.q[i % 16] >> (i / 16 * 4)) & 15; }
constexpr int Integer(const BlockQ4_1& b, int i) { return (b.q[i % 16] >> (i / 16 * 4)) & 15; }
constexpr int Integer(const BlockQ5_0& b, int i) {
  return ((b.q[i % 16] >> (i / 16 * 4)) & 15) | (((b.high[i / 8] >> (i % 8)) & 1) << 4);
}
constexpr int Integer(const BlockQ5_1& b, int i) {
  return ((b.q[i % 16] >> (i / 16 * 4)) & 15) | (((b.high[i / 8] >> (i % 8)) & 1) << 4);
}
constexpr int Integer(const BlockQ4_K& b, int i) { return (b.q[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4)) & 15; }
constexpr int Integer(const BlockQ5_K& b, int i) {
  return ((b.q[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4)) & 15) | (((b.high[i % 32] >> (i / 32)) & 1) << 4);
}
constexpr int Integer(const BlockQ6_K& b, int i) {
  return ((b.q[i / 128 * 64 + i % 64] >> (i / 64 % 2 * 4)) & 15) |
         (((b.high[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2)) & 3) << 4);
}

}  // namespace retort

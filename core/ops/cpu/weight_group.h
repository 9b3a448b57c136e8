// What the rows of a group become when interleaved: the layouts of GroupedWeight. Float types are [k][32] elements,
// quantised ones blocks of sixteen rows.
// The integers and half floats are those of the GGUF blocks; scales of six bits take a byte, which adds 2 to 3 %.
#pragma once

#include "core/tensor/blocks.h"

namespace retort::cpu {

inline constexpr int kGroupRows = 16;       // of quantised types
inline constexpr int kFloatGroupRows = 32;  // of float types
static_assert(kFloatGroupRows == 2 * kGroupRows);

/// The low four bits of 32 inputs: 4 i to 4 i + 3 of each row in the low halves of [i], 16 + 4 i on in the high ones.
using GroupNibbles = uint8_t[4][kGroupRows][4];
/// Their fifth bits, where they have one: byte j has in bit i that of input 4 i + j, in bit 4 + i of 16 + 4 i + j.
using GroupFifths = uint8_t[kGroupRows][4];
/// Their fifth and sixth bits: byte j of [h] has in bits 2 i and 2 i + 1 those of input 16 h + 4 i + j.
using GroupSixths = uint8_t[2][kGroupRows][4];

struct GroupQ8_0 {
  uint16_t d[kGroupRows];
  uint8_t q[8][kGroupRows][4];  // inputs 4 i to 4 i + 3 of each row, plus 128
};
struct GroupQ4_0 {
  uint16_t d[kGroupRows];
  GroupNibbles q;
};
struct GroupQ4_1 {
  uint16_t d[kGroupRows];
  uint16_t m[kGroupRows];
  GroupNibbles q;
};
struct GroupQ5_0 {
  uint16_t d[kGroupRows];
  GroupNibbles q;
  GroupFifths high;
};
struct GroupQ5_1 {
  uint16_t d[kGroupRows];
  uint16_t m[kGroupRows];
  GroupNibbles q;
  GroupFifths high;
};
// Blocks of 256 inputs keep a part for each 32.
struct GroupQ4_K {
  uint16_t d[kGroupRows];
  uint16_t dmin[kGroupRows];
  struct Part {
    uint8_t scale[kGroupRows];
    uint8_t min[kGroupRows];
    GroupNibbles q;
  } part[8];
};
struct GroupQ5_K {
  uint16_t d[kGroupRows];
  uint16_t dmin[kGroupRows];
  struct Part {
    uint8_t scale[kGroupRows];
    uint8_t min[kGroupRows];
    GroupNibbles q;
    GroupFifths high;
  } part[8];
};
struct GroupQ6_K {
  uint16_t d[kGroupRows];
  struct Part {
    int8_t scale[kGroupRows][2];  // of the first and the last 16 inputs
    GroupNibbles q;
    GroupSixths high;
  } part[8];
};

/// The integer of a row's input i, 0 to 31, of a group or a part, before anything is subtracted from it.
constexpr int HighBits(const GroupFifths& high, int row, int i) {
  return (high[row][i % 4] >> (i % 16 / 4 + i / 16 * 4)) & 1;
}
constexpr int HighBits(const GroupSixths& high, int row, int i) {
  return (high[i / 16][row][i % 4] >> (i % 16 / 4 * 2)) & 3;
}
template <typename Part>
constexpr int Integer(const Part& part, int row, int i) {
  const int low = (part.q[i % 16 / 4][row][i % 4] >> (i / 16 * 4)) & 15;
  if constexpr (requires { part.high; }) return low | HighBits(part.high, row, i) << 4;
  return low;
}

/// The group of a quantised type.
template <DType kType>
struct GroupOf;
// clang-format off
template <> struct GroupOf<DType::kQ8_0> { using Type = GroupQ8_0; };
template <> struct GroupOf<DType::kQ4_0> { using Type = GroupQ4_0; };
template <> struct GroupOf<DType::kQ4_1> { using Type = GroupQ4_1; };
template <> struct GroupOf<DType::kQ5_0> { using Type = GroupQ5_0; };
template <> struct GroupOf<DType::kQ5_1> { using Type = GroupQ5_1; };
template <> struct GroupOf<DType::kQ4_K> { using Type = GroupQ4_K; };
template <> struct GroupOf<DType::kQ5_K> { using Type = GroupQ5_K; };
template <> struct GroupOf<DType::kQ6_K> { using Type = GroupQ6_K; };
// clang-format on

inline int GroupRows(DType type) { return DTypeIsQuantised(type) ? kGroupRows : kFloatGroupRows; }

/// Bytes of a group's rows of k elements.
inline size_t GroupBytes(DType type, int64_t k) {
  const auto parts = static_cast<size_t>(k / kSuperBlock);
  switch (type) {
    case DType::kQ4_K: return parts * sizeof(GroupQ4_K);
    case DType::kQ5_K: return parts * sizeof(GroupQ5_K);
    case DType::kQ6_K: return parts * sizeof(GroupQ6_K);
    default: return static_cast<size_t>(GroupRows(type)) * DTypeRowBytes(type, k);
  }
}
template <typename Group, typename Block>
inline constexpr size_t kAddedBytes = sizeof(Group) - kGroupRows * sizeof(Block);
static_assert(kAddedBytes<GroupQ8_0, BlockQ8_0> == 0);
static_assert(kAddedBytes<GroupQ4_0, BlockQ4_0> == 0 && kAddedBytes<GroupQ4_1, BlockQ4_1> == 0);
static_assert(kAddedBytes<GroupQ5_0, BlockQ5_0> == 0 && kAddedBytes<GroupQ5_1, BlockQ5_1> == 0);
static_assert(kAddedBytes<GroupQ4_K, BlockQ4_K> == 4 * kGroupRows &&
              kAddedBytes<GroupQ5_K, BlockQ5_K> == 4 * kGroupRows);
static_assert(kAddedBytes<GroupQ6_K, BlockQ6_K> == 0);

}  // namespace retort::cpu

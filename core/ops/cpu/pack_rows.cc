#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/ops/cpu/pack_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/ops/cpu/pack_rows.h"
#include "core/ops/cpu/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace retort::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Elements [begin, end) of one row.
template <typename T>
void PutElements(const T* row, int64_t begin, int64_t end, T* column) {
  for (int64_t i = begin; i < end; ++i) column[i * kFloatGroupRows] = row[i];
}

#if HWY_TARGET != HWY_SCALAR
template <typename T>
inline constexpr int kSquare = 16 / static_cast<int>(sizeof(T));  // elements of 128 bits

/// A square of kSquare rows and inputs; rows lie `from_bytes` apart, inputs in the group `to_bytes`. The vectors'
/// elements are numbered by row and place; each pass, which weaves the first half of the vectors with the second, turns
/// the bits of that number by one: after log2 passes row is place. `turned` has the bits that are turned over on the
/// way.
template <typename T>
HWY_INLINE void PutSquare(const void* from, int64_t from_bytes, T turned, void* to, int64_t to_bytes) {
  const hn::FixedTag<T, kSquare<T>> d;
  const hn::Repartition<uint8_t, decltype(d)> bytes;
  using V = hn::Vec<decltype(d)>;
  V v[kSquare<T>];
  Unroll<kSquare<T>>([&](auto i) RETORT_INLINE {
    v[i] = hn::BitCast(d, hn::LoadU(bytes, static_cast<const uint8_t*>(from) + i * from_bytes));
  });
  Unroll<std::bit_width(unsigned{kSquare<T>}) - 1>([&](auto) RETORT_INLINE {
    V woven[kSquare<T>];
    Unroll<kSquare<T> / 2>([&](auto i) RETORT_INLINE {
      woven[2 * i] = hn::InterleaveLower(d, v[i], v[i + kSquare<T> / 2]);
      woven[2 * i + 1] = hn::InterleaveUpper(d, v[i], v[i + kSquare<T> / 2]);
    });
    Unroll<kSquare<T>>([&](auto i) RETORT_INLINE { v[i] = woven[i]; });
  });
  Unroll<kSquare<T>>([&](auto i) RETORT_INLINE {
    hn::StoreU(hn::BitCast(bytes, hn::Xor(v[i], hn::Set(d, turned))), bytes, static_cast<uint8_t*>(to) + i * to_bytes);
  });
}
#endif

/// Rows of a group, a cache line of each at a time: what is written stays in the first-level cache meanwhile.
template <typename T>
HWY_ATTR void PutFloatRows(const T* from, int64_t k, int count, T* to) {
  int64_t done = 0;
  int squared = 0;  // rows whose first `done` elements are there
#if HWY_TARGET != HWY_SCALAR
  constexpr int64_t kStrip = 64 / sizeof(T);
  done = k / kStrip * kStrip;
  squared = count / kSquare<T> * kSquare<T>;
  for (int64_t begin = 0; begin < done; begin += kStrip) {
    for (int row = 0; row < squared; row += kSquare<T>) {
      for (int64_t i = begin; i < begin + kStrip; i += kSquare<T>) {
        PutSquare<T>(from + row * k + i, k * int64_t{sizeof(T)}, 0, to + i * kFloatGroupRows + row,
                     kFloatGroupRows * int64_t{sizeof(T)});
      }
    }
  }
#endif
  for (int row = 0; row < count; ++row) PutElements(from + row * k, row < squared ? done : 0, k, to + row);
}

/// Four rows' integers, `words` times 32 bits in each block; see PutWords.
HWY_ATTR void PutWordsTarget(const uint8_t* from, int64_t row_bytes, int64_t block_bytes, int64_t blocks, int words,
                             uint32_t turned, uint8_t* to, int64_t group_bytes) {
  constexpr int64_t kWord = sizeof(uint32_t), kAllRows = kGroupRows * kWord;
  for (int64_t block = 0; block < blocks; ++block, from += block_bytes, to += group_bytes) {
#if HWY_TARGET != HWY_SCALAR
    for (int i = 0; i < words; i += 4) {
      PutSquare<uint32_t>(from + i * kWord, row_bytes, turned, to + i * kAllRows, kAllRows);
    }
#else
    for (int i = 0; i < words * 4; ++i) {
      uint32_t word;
      std::memcpy(&word, from + i % 4 * row_bytes + i / 4 * kWord, kWord);
      word ^= turned;
      std::memcpy(to + i / 4 * kAllRows + i % 4 * kWord, &word, kWord);
    }
#endif
  }
}

HWY_ATTR void PutRows32Target(const uint32_t* from, int64_t k, int count, uint32_t* to) {
  PutFloatRows(from, k, count, to);
}
HWY_ATTR void PutRows16Target(const uint16_t* from, int64_t k, int count, uint16_t* to) {
  PutFloatRows(from, k, count, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace retort::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace retort::cpu {
HWY_EXPORT(PutRows32Target);
HWY_EXPORT(PutRows16Target);
HWY_EXPORT(PutWordsTarget);

namespace {

template <typename T>
T Load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Bits to be turned over in the integers of a type: 128 more than a signed byte is the byte with its highest turned.
template <typename Block>
inline constexpr uint32_t kTurned = 0;
template <>
inline constexpr uint32_t kTurned<BlockQ8_0> = 0x80808080;

/// A row's integers, which are where a group wants them within each 32 bits.
template <size_t kWords>
void PutWords(const void* from, uint32_t turned, int row, uint8_t (&to)[kWords][kGroupRows][4]) {
  for (size_t i = 0; i < kWords; ++i) {
    const uint32_t word = Load<uint32_t>(static_cast<const uint8_t*>(from) + i * 4) ^ turned;
    std::memcpy(to[i][row], &word, 4);
  }
}
/// 32 integers of four bits, one in each byte from `from` on, in its high half or in its low one.
void PutHalves(const uint8_t* from, bool high, int row, GroupNibbles& to) {
  constexpr uint64_t kLow = 0x0F0F0F0F0F0F0F0F;
  uint8_t bytes[16];
  for (int i = 0; i < 16; i += 8) {
    const auto first = Load<uint64_t>(from + i), second = Load<uint64_t>(from + i + 16);
    const uint64_t both = high ? (first >> 4 & kLow) | (second & ~kLow) : (first & kLow) | (second & kLow) << 4;
    std::memcpy(bytes + i, &both, 8);
  }
  PutWords(bytes, 0, row, to);
}

/// Fifth bits, that of input i in bit i.
void PutFifths(const uint8_t (&high)[4], int row, GroupFifths& to) {
  const auto bits = Load<uint32_t>(high);
  uint32_t four = 0;
  for (int i = 0; i < 8; ++i) {  // the product spreads four bits over the lowest ones of as many bytes
    four |= ((bits >> (i * 4) & 15) * 0x00204081 & 0x01010101) << i;
  }
  std::memcpy(to[row], &four, 4);
}
/// Fifth bits, that of input i in bit j of byte i.
void PutFifths(const uint8_t (&high)[32], int j, int row, GroupFifths& to) {
  uint32_t four = 0;
  for (int i = 0; i < 8; ++i) four |= (Load<uint32_t>(high + i * 4) >> j & 0x01010101) << i;
  std::memcpy(to[row], &four, 4);
}
/// Fifth and sixth bits, those of input i in bits `shift` and `shift` + 1 of byte i.
void PutSixths(const uint8_t* high, int shift, int row, GroupSixths& to) {
  for (int half = 0; half < 2; ++half) {
    uint32_t four = 0;
    for (int i = 0; i < 4; ++i) {
      four |= (Load<uint32_t>(high + half * 16 + i * 4) >> shift & 0x03030303) << (i * 2);
    }
    std::memcpy(to[half][row], &four, 4);
  }
}

/// What a block has beside the integers.
template <typename Block, typename Group>
void PutScales(const Block& from, int row, Group* to) {
  to->d[row] = from.d;
  if constexpr (requires { from.m; }) to->m[row] = from.m;
  if constexpr (requires { from.high; }) PutFifths(from.high, row, to->high);
}
template <typename Block, typename Group>
void PutScaled(const Block& from, int row, Group* to) {
  to->d[row] = from.d;
  to->dmin[row] = from.dmin;
  for (int j = 0; j < 8; ++j) {
    to->part[j].scale[row] = static_cast<uint8_t>(KScale(from.scales, j));
    to->part[j].min[row] = static_cast<uint8_t>(KMin(from.scales, j));
    PutHalves(from.q + j / 2 * 32, j % 2 != 0, row, to->part[j].q);
  }
}
void PutBlock(const BlockQ4_K& from, int row, GroupQ4_K* to) { PutScaled(from, row, to); }
void PutBlock(const BlockQ5_K& from, int row, GroupQ5_K* to) {
  PutScaled(from, row, to);
  for (int j = 0; j < 8; ++j) PutFifths(from.high, j, row, to->part[j].high);
}
void PutBlock(const BlockQ6_K& from, int row, GroupQ6_K* to) {
  to->d[row] = from.d;
  for (int j = 0; j < 8; ++j) {
    std::memcpy(to->part[j].scale[row], from.scales + j * 2, 2);
    PutHalves(from.q + j / 4 * 64 + j % 2 * 32, j / 2 % 2 != 0, row, to->part[j].q);
    PutSixths(from.high + j / 4 * 32, j % 4 * 2, row, to->part[j].high);
  }
}

template <DType kType>
void PutSuperBlocks(const void* from, int64_t k, int count, void* to) {
  const auto* block = static_cast<const typename BlockOf<kType>::Type*>(from);
  for (int row = 0; row < count; ++row) {
    for (int64_t i = 0; i < k / kSuperBlock; ++i) {
      PutBlock(*block++, row, static_cast<typename GroupOf<kType>::Type*>(to) + i);
    }
  }
}

template <DType kType>
void PutBlocks(const void* from, int64_t k, int count, void* to) {
  using Block = typename BlockOf<kType>::Type;
  using Group = typename GroupOf<kType>::Type;
  const int64_t blocks = k / DTypeBlockElements(kType);
  const auto* const first = static_cast<const Block*>(from);
  auto* const group = static_cast<Group*>(to);
  const int fours = count / 4 * 4;
  for (int row = 0; row < fours; row += 4) {
    HWY_DYNAMIC_DISPATCH(PutWordsTarget)
    (reinterpret_cast<const uint8_t*>(first[row * blocks].q), blocks * int64_t{sizeof(Block)}, sizeof(Block), blocks,
     sizeof(Block::q) / 4, kTurned<Block>, group->q[0][row], sizeof(Group));
  }
  for (int row = 0; row < count; ++row) {
    for (int64_t i = 0; i < blocks; ++i) {
      const Block& block = first[row * blocks + i];
      PutScales(block, row, group + i);
      if (row >= fours) PutWords(block.q, kTurned<Block>, row, group[i].q);
    }
  }
}

}  // namespace

void PackRows(DType type, const void* from, int64_t k, int count, void* to) {
  switch (type) {
    case DType::kF32:
      return HWY_DYNAMIC_DISPATCH(PutRows32Target)(static_cast<const uint32_t*>(from), k, count,
                                                   static_cast<uint32_t*>(to));
    case DType::kF16:
    case DType::kBF16:
      return HWY_DYNAMIC_DISPATCH(PutRows16Target)(static_cast<const uint16_t*>(from), k, count,
                                                   static_cast<uint16_t*>(to));
    case DType::kQ8_0: return PutBlocks<DType::kQ8_0>(from, k, count, to);
    case DType::kQ4_0: return PutBlocks<DType::kQ4_0>(from, k, count, to);
    case DType::kQ4_1: return PutBlocks<DType::kQ4_1>(from, k, count, to);
    case DType::kQ5_0: return PutBlocks<DType::kQ5_0>(from, k, count, to);
    case DType::kQ5_1: return PutBlocks<DType::kQ5_1>(from, k, count, to);
    case DType::kQ4_K: return PutSuperBlocks<DType::kQ4_K>(from, k, count, to);
    case DType::kQ5_K: return PutSuperBlocks<DType::kQ5_K>(from, k, count, to);
    case DType::kQ6_K: return PutSuperBlocks<DType::kQ6_K>(from, k, count, to);
    case DType::kI32: return;
  }
}

}  // namespace retort::cpu
#endif

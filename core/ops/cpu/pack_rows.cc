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

/// A square of kSquare rows and inputs. The vectors' elements are numbered by row and place; each pass, which weaves
/// the first half of the vectors with the second, turns the bits of that number by one: after log2 passes row is place.
template <typename T>
HWY_INLINE void PutSquare(const T* from, int64_t k, T* to) {
  const hn::FixedTag<T, kSquare<T>> d;
  using V = hn::Vec<decltype(d)>;
  V v[kSquare<T>];
  Unroll<kSquare<T>>([&](auto i) RETORT_INLINE { v[i] = hn::LoadU(d, from + i * k); });
  Unroll<std::bit_width(unsigned{kSquare<T>}) - 1>([&](auto) RETORT_INLINE {
    V woven[kSquare<T>];
    Unroll<kSquare<T> / 2>([&](auto i) RETORT_INLINE {
      woven[2 * i] = hn::InterleaveLower(d, v[i], v[i + kSquare<T> / 2]);
      woven[2 * i + 1] = hn::InterleaveUpper(d, v[i], v[i + kSquare<T> / 2]);
    });
    Unroll<kSquare<T>>([&](auto i) RETORT_INLINE { v[i] = woven[i]; });
  });
  Unroll<kSquare<T>>([&](auto i) RETORT_INLINE { hn::StoreU(v[i], d, to + i * kFloatGroupRows); });
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
        PutSquare(from + row * k + i, k, to + i * kFloatGroupRows + row);
      }
    }
  }
#endif
  for (int row = 0; row < count; ++row) PutElements(from + row * k, row < squared ? done : 0, k, to + row);
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

namespace {

template <typename T>
T Load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// The halves of 32 inputs' bytes are where a group wants them; it only has them four by four.
void PutNibbles(const uint8_t (&bytes)[16], int row, GroupNibbles& to) {
  for (int i = 0; i < 4; ++i) std::memcpy(to[i][row], bytes + i * 4, 4);
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
  PutNibbles(bytes, row, to);
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

void PutBlock(const BlockQ8_0& from, int row, GroupQ8_0* to) {
  to->d[row] = from.d;
  for (int i = 0; i < 8; ++i) {  // 128 more than a signed byte is the byte with its highest bit turned
    const uint32_t four = Load<uint32_t>(from.q + i * 4) ^ 0x80808080;
    std::memcpy(to->q[i][row], &four, 4);
  }
}
void PutBlock(const BlockQ4_0& from, int row, GroupQ4_0* to) {
  to->d[row] = from.d;
  PutNibbles(from.q, row, to->q);
}
void PutBlock(const BlockQ4_1& from, int row, GroupQ4_1* to) {
  to->d[row] = from.d;
  to->m[row] = from.m;
  PutNibbles(from.q, row, to->q);
}
void PutBlock(const BlockQ5_0& from, int row, GroupQ5_0* to) {
  to->d[row] = from.d;
  PutNibbles(from.q, row, to->q);
  PutFifths(from.high, row, to->high);
}
void PutBlock(const BlockQ5_1& from, int row, GroupQ5_1* to) {
  to->d[row] = from.d;
  to->m[row] = from.m;
  PutNibbles(from.q, row, to->q);
  PutFifths(from.high, row, to->high);
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
void PutBlocks(const void* from, int64_t k, int count, void* to) {
  const int64_t blocks = k / DTypeBlockElements(kType);
  const auto* block = static_cast<const typename BlockOf<kType>::Type*>(from);
  for (int row = 0; row < count; ++row) {
    for (int64_t i = 0; i < blocks; ++i) PutBlock(*block++, row, static_cast<typename GroupOf<kType>::Type*>(to) + i);
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
    case DType::kQ4_K: return PutBlocks<DType::kQ4_K>(from, k, count, to);
    case DType::kQ5_K: return PutBlocks<DType::kQ5_K>(from, k, count, to);
    case DType::kQ6_K: return PutBlocks<DType::kQ6_K>(from, k, count, to);
    case DType::kI32: return;
  }
}

}  // namespace retort::cpu
#endif

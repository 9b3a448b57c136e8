#include "core/ops/cpu/grouped_weight.h"

#include <algorithm>
#include <cstring>

#include "core/device/cpu/parallel.h"

namespace retort::cpu {
namespace {

// Integers of 32 inputs of a row, those of a block from `first` on.
template <typename Block>
void PutNibbles(const Block& from, int first, int row, GroupNibbles& to) {
  for (int i = 0; i < 16; ++i) {
    to[i / 4][row][i % 4] =
        static_cast<uint8_t>((Integer(from, first + i) & 15) | (Integer(from, first + i + 16) & 15) << 4);
  }
}
template <typename Block>
void PutFifths(const Block& from, int first, int row, GroupFifths& to) {
  for (int i = 0; i < 16; ++i) {
    uint8_t& bits = to[row][i % 4];
    if (i < 4) bits = 0;
    bits = static_cast<uint8_t>(bits | (Integer(from, first + i) >> 4) << (i / 4) |
                                (Integer(from, first + i + 16) >> 4) << (4 + i / 4));
  }
}
void PutSixths(const BlockQ6_K& from, int first, int row, GroupSixths& to) {
  for (int i = 0; i < 32; ++i) {
    uint8_t& bits = to[i / 16][row][i % 4];
    if (i % 16 < 4) bits = 0;
    bits = static_cast<uint8_t>(bits | (Integer(from, first + i) >> 4) << (i % 16 / 4 * 2));
  }
}

void PutBlock(const BlockQ8_0& from, int row, GroupQ8_0* to) {
  to->d[row] = from.d;
  for (int i = 0; i < 8; ++i) {  // 128 more than a signed byte is the byte with its highest bit turned
    uint32_t four;
    std::memcpy(&four, from.q + i * 4, 4);
    four ^= 0x80808080;
    std::memcpy(to->q[i][row], &four, 4);
  }
}
void PutBlock(const BlockQ4_0& from, int row, GroupQ4_0* to) {
  to->d[row] = from.d;
  PutNibbles(from, 0, row, to->q);
}
void PutBlock(const BlockQ4_1& from, int row, GroupQ4_1* to) {
  to->d[row] = from.d;
  to->m[row] = from.m;
  PutNibbles(from, 0, row, to->q);
}
void PutBlock(const BlockQ5_0& from, int row, GroupQ5_0* to) {
  to->d[row] = from.d;
  PutNibbles(from, 0, row, to->q);
  PutFifths(from, 0, row, to->high);
}
void PutBlock(const BlockQ5_1& from, int row, GroupQ5_1* to) {
  to->d[row] = from.d;
  to->m[row] = from.m;
  PutNibbles(from, 0, row, to->q);
  PutFifths(from, 0, row, to->high);
}
template <typename Block, typename Group>
void PutScaled(const Block& from, int row, Group* to) {
  to->d[row] = from.d;
  to->dmin[row] = from.dmin;
  for (int j = 0; j < 8; ++j) {
    to->part[j].scale[row] = static_cast<uint8_t>(KScale(from.scales, j));
    to->part[j].min[row] = static_cast<uint8_t>(KMin(from.scales, j));
    PutNibbles(from, j * 32, row, to->part[j].q);
  }
}
void PutBlock(const BlockQ4_K& from, int row, GroupQ4_K* to) { PutScaled(from, row, to); }
void PutBlock(const BlockQ5_K& from, int row, GroupQ5_K* to) {
  PutScaled(from, row, to);
  for (int j = 0; j < 8; ++j) PutFifths(from, j * 32, row, to->part[j].high);
}
void PutBlock(const BlockQ6_K& from, int row, GroupQ6_K* to) {
  to->d[row] = from.d;
  for (int j = 0; j < 8; ++j) {
    std::memcpy(to->part[j].scale[row], from.scales + j * 2, 2);
    PutNibbles(from, j * 32, row, to->part[j].q);
    PutSixths(from, j * 32, row, to->part[j].high);
  }
}

template <DType kType>
void PutRow(const void* from, int64_t k, int row, void* to) {
  for (int64_t i = 0; i < k / DTypeBlockElements(kType); ++i) {
    PutBlock(static_cast<const typename BlockOf<kType>::Type*>(from)[i], row,
             static_cast<typename GroupOf<kType>::Type*>(to) + i);
  }
}

/// Rows of a group, `count` of them, a strip of inputs at a time: what is written stays in the first-level cache. Two
/// half floats are written at once.
template <typename T>
void PutElements(const void* from, int64_t k, int count, void* to) {
  constexpr int64_t kStrip = 16;
  constexpr int kOnce = static_cast<int>(sizeof(uint32_t) / sizeof(T));
  for (int64_t begin = 0; begin < k; begin += kStrip) {
    const int64_t end = std::min(begin + kStrip, k);
    for (int row = 0; row < count; row += kOnce) {
      const T* const elements = static_cast<const T*>(from) + row * k;
      T* const column = static_cast<T*>(to) + row;
      if (row + kOnce > count) {
        for (int64_t i = begin; i < end; ++i) column[i * kFloatGroupRows] = elements[i];
        continue;
      }
      for (int64_t i = begin; i < end; ++i) {
        T values[kOnce];
        for (int r = 0; r < kOnce; ++r) values[r] = elements[r * k + i];
        std::memcpy(column + i * kFloatGroupRows, values, sizeof values);
      }
    }
  }
}

/// The first `count` rows of a group.
void PutRows(DType type, const void* from, int64_t k, int count, void* to) {
  const auto each = [&](auto put) {
    for (int row = 0; row < count; ++row) {
      put(static_cast<const std::byte*>(from) + static_cast<size_t>(row) * DTypeRowBytes(type, k), k, row, to);
    }
  };
  switch (type) {
    case DType::kF32: return PutElements<uint32_t>(from, k, count, to);
    case DType::kF16:
    case DType::kBF16: return PutElements<uint16_t>(from, k, count, to);
    case DType::kQ8_0: return each(PutRow<DType::kQ8_0>);
    case DType::kQ4_0: return each(PutRow<DType::kQ4_0>);
    case DType::kQ4_1: return each(PutRow<DType::kQ4_1>);
    case DType::kQ5_0: return each(PutRow<DType::kQ5_0>);
    case DType::kQ5_1: return each(PutRow<DType::kQ5_1>);
    case DType::kQ4_K: return each(PutRow<DType::kQ4_K>);
    case DType::kQ5_K: return each(PutRow<DType::kQ5_K>);
    case DType::kQ6_K: return each(PutRow<DType::kQ6_K>);
    case DType::kI32: return;
  }
}

// The elements of a row of a group, as floats: the formulas of DequantiseRow.
void Take(const GroupQ8_0& from, int row, float* out) {
  const float d = HalfToFloat(from.d[row]);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(from.q[i / 4][row][i % 4] - 128);
}
template <int kCentre, typename Group>
void TakeCentred(const Group& from, int row, float* out) {
  const float d = HalfToFloat(from.d[row]);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(Integer(from, row, i) - kCentre);
}
void Take(const GroupQ4_0& from, int row, float* out) { TakeCentred<8>(from, row, out); }
void Take(const GroupQ5_0& from, int row, float* out) { TakeCentred<16>(from, row, out); }
template <typename Group>
void TakeOffset(const Group& from, int row, float* out) {
  const float d = HalfToFloat(from.d[row]), m = HalfToFloat(from.m[row]);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(Integer(from, row, i)) + m;
}
void Take(const GroupQ4_1& from, int row, float* out) { TakeOffset(from, row, out); }
void Take(const GroupQ5_1& from, int row, float* out) { TakeOffset(from, row, out); }
template <typename Group>
void TakeScaled(const Group& from, int row, float* out) {
  for (const auto& part : from.part) {
    const float d = HalfToFloat(from.d[row]) * static_cast<float>(part.scale[row]);
    const float m = HalfToFloat(from.dmin[row]) * static_cast<float>(part.min[row]);
    for (int i = 0; i < 32; ++i) *out++ = d * static_cast<float>(Integer(part, row, i)) - m;
  }
}
void Take(const GroupQ4_K& from, int row, float* out) { TakeScaled(from, row, out); }
void Take(const GroupQ5_K& from, int row, float* out) { TakeScaled(from, row, out); }
void Take(const GroupQ6_K& from, int row, float* out) {
  for (const auto& part : from.part) {
    for (int i = 0; i < 32; ++i) {
      const float d = HalfToFloat(from.d[row]) * static_cast<float>(part.scale[row][i / 16]);
      *out++ = d * static_cast<float>(Integer(part, row, i) - 32);
    }
  }
}

template <DType kType>
void TakeRow(const std::byte* group, int64_t k, int row, float* out) {
  const int size = DTypeBlockElements(kType);
  for (int64_t i = 0; i < k / size; ++i) {
    Take(reinterpret_cast<const typename GroupOf<kType>::Type*>(group)[i], row, out + i * size);
  }
}

template <typename T, typename ToFloat>
void TakeElements(const std::byte* group, int64_t k, int row, float* out, ToFloat to_float) {
  for (int64_t i = 0; i < k; ++i) out[i] = to_float(reinterpret_cast<const T*>(group)[i * kFloatGroupRows + row]);
}

}  // namespace

void GroupedWeight::ExpandRow(int64_t index, float* out) const {
  const std::byte* const group = Group(index / group_rows());
  const auto row = static_cast<int>(index % group_rows());
  switch (type) {
    case DType::kF32: return TakeElements<float>(group, k, row, out, [](float v) { return v; });
    case DType::kF16: return TakeElements<uint16_t>(group, k, row, out, HalfToFloat);
    case DType::kBF16: return TakeElements<uint16_t>(group, k, row, out, BFloat16ToFloat);
    case DType::kQ8_0: return TakeRow<DType::kQ8_0>(group, k, row, out);
    case DType::kQ4_0: return TakeRow<DType::kQ4_0>(group, k, row, out);
    case DType::kQ4_1: return TakeRow<DType::kQ4_1>(group, k, row, out);
    case DType::kQ5_0: return TakeRow<DType::kQ5_0>(group, k, row, out);
    case DType::kQ5_1: return TakeRow<DType::kQ5_1>(group, k, row, out);
    case DType::kQ4_K: return TakeRow<DType::kQ4_K>(group, k, row, out);
    case DType::kQ5_K: return TakeRow<DType::kQ5_K>(group, k, row, out);
    case DType::kQ6_K: return TakeRow<DType::kQ6_K>(group, k, row, out);
    case DType::kI32: return;
  }
}

Result<std::unique_ptr<GroupedWeight>> GroupedWeight::Pack(WeightArena& arena, int threads, DType type,
                                                           const void* data, int64_t n, int64_t k) {
  auto weight = std::make_unique<GroupedWeight>();
  weight->type = type;
  weight->n = n;
  weight->k = k;
  RETORT_ASSIGN_OR_RETURN(weight->groups_, arena.Allocate(weight->owned_bytes()));
  const int rows = weight->group_rows();
  ParallelFor(weight->group_count(), 8, threads, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      std::byte* const to = weight->groups_.get() + static_cast<size_t>(group) * weight->group_bytes();
      if ((group + 1) * rows > n) std::memset(to, 0, weight->group_bytes());
      const auto count = static_cast<int>(std::min<int64_t>(rows, n - group * rows));
      PutRows(type, static_cast<const std::byte*>(data) + static_cast<size_t>(group * rows) * DTypeRowBytes(type, k), k,
              count, to);
    }
  });
  return weight;
}

}  // namespace retort::cpu

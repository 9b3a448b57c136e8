#include "core/ops/cpu/grouped_weight.h"

#include <algorithm>
#include <cstring>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/pack_rows.h"

namespace retort::cpu {
namespace {

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

Result<std::unique_ptr<GroupedWeight>> GroupedWeight::Allocate(WeightArena& arena, DType type, int64_t n, int64_t k) {
  auto weight = std::make_unique<GroupedWeight>();
  weight->type = type;
  weight->n = n;
  weight->k = k;
  RETORT_ASSIGN_OR_RETURN(weight->groups_, arena.Allocate(weight->owned_bytes()));
  return weight;
}

void GroupedWeight::PackGroups(const void* data, int64_t begin, int64_t end) {
  const int rows = group_rows();
  const auto* const from = static_cast<const std::byte*>(data);
  for (int64_t group = begin; group < end; ++group) {
    std::byte* const to = groups_.get() + static_cast<size_t>(group) * group_bytes();
    if ((group + 1) * rows > n) std::memset(to, 0, group_bytes());
    const auto count = static_cast<int>(std::min<int64_t>(rows, n - group * rows));
    PackRows(type, from + static_cast<size_t>(group * rows) * DTypeRowBytes(type, k), k, count, to);
  }
}

Result<std::unique_ptr<GroupedWeight>> GroupedWeight::Pack(WeightArena& arena, int threads, DType type,
                                                           const void* data, int64_t n, int64_t k) {
  RETORT_ASSIGN_OR_RETURN(auto weight, Allocate(arena, type, n, k));
  ParallelFor(weight->group_count(), 8, threads,
              [&](int64_t begin, int64_t end) { weight->PackGroups(data, begin, end); });
  return weight;
}

}  // namespace retort::cpu

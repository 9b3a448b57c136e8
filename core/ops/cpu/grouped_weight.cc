#include "core/ops/cpu/grouped_weight.h"

#include <cstring>

#include "core/device/cpu/parallel.h"

namespace retort::cpu {
namespace {

void PutBlock(const BlockQ8_0& from, int row, GroupQ8_0* to) {
  to->d[row] = from.d;
  for (int i = 0; i < 16; ++i) std::memcpy(to->q[i][row], from.q + i * 2, 2);
}
void PutNibbles(const uint8_t* from, int row, uint8_t (*to)[kGroupRows][4]) {
  for (int i = 0; i < 4; ++i) std::memcpy(to[i][row], from + i * 4, 4);
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

template <typename Block, typename Group>
void PutRow(const void* from, int64_t k, int row, void* to) {
  for (int64_t i = 0; i < k / kQuantBlock; ++i) {
    PutBlock(static_cast<const Block*>(from)[i], row, static_cast<Group*>(to) + i);
  }
}

template <typename T>
void PutElements(const void* from, int64_t k, int row, void* to) {
  for (int64_t i = 0; i < k; ++i) static_cast<T*>(to)[i * kGroupRows + row] = static_cast<const T*>(from)[i];
}

void Put(DType type, const void* from, int64_t k, int row, void* to) {
  switch (type) {
    case DType::kF32: return PutElements<uint32_t>(from, k, row, to);
    case DType::kF16:
    case DType::kBF16: return PutElements<uint16_t>(from, k, row, to);
    case DType::kQ8_0: return PutRow<BlockQ8_0, GroupQ8_0>(from, k, row, to);
    case DType::kQ4_0: return PutRow<BlockQ4_0, GroupQ4_0>(from, k, row, to);
    case DType::kQ4_1: return PutRow<BlockQ4_1, GroupQ4_1>(from, k, row, to);
    case DType::kI32: return;
  }
}

}  // namespace

Result<std::unique_ptr<GroupedWeight>> GroupedWeight::Pack(WeightArena& arena, int threads, DType type,
                                                           const void* data, int64_t n, int64_t k) {
  auto weight = std::make_unique<GroupedWeight>();
  weight->type = type;
  weight->n = n;
  weight->k = k;
  weight->data = data;
  RETORT_ASSIGN_OR_RETURN(weight->groups_, arena.Allocate(weight->owned_bytes()));
  ParallelFor(weight->group_count(), 16, threads, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      std::byte* const to = weight->groups_.get() + static_cast<size_t>(group) * weight->group_bytes();
      if ((group + 1) * kGroupRows > n) std::memset(to, 0, weight->group_bytes());
      for (int row = 0; row < kGroupRows && group * kGroupRows + row < n; ++row) {
        Put(type, weight->Row(group * kGroupRows + row), k, row, to);
      }
    }
  });
  return weight;
}

}  // namespace retort::cpu

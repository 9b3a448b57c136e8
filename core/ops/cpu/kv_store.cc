#include "core/ops/cpu/kv_store.h"

#include <algorithm>
#include <vector>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/row_kernels.h"

namespace retort::cpu {
namespace {

/// Keys go across the plane, values along it.
template <typename T>
void StoreSlot(const T* key, const T* value, std::byte* page, int slot, const KvLayout& layout, int layer) {
  auto* const keys = reinterpret_cast<T*>(page + layout.key_offset(layer));
  auto* const values = reinterpret_cast<T*>(page + layout.value_offset(layer));
  for (int g = 0; g < layout.kv_heads; ++g) {
    T* const to = keys + layout.KeyIndex(g, slot, 0);
    for (int d = 0; d < layout.head_dim; ++d) to[int64_t{d} * kKvPageTokens] = key[g * layout.head_dim + d];
    std::copy_n(value + g * layout.head_dim, layout.head_dim, values + layout.ValueIndex(g, slot, 0));
  }
}

}  // namespace

void StoreKvRows(const float* k, const float* v, int64_t ld, std::span<const AttentionRow> rows, const KvLayout& layout,
                 int layer, int threads) {
  const int64_t width = int64_t{layout.kv_heads} * layout.head_dim;
  // A page's worth a thread at least: slots beside each other share cache lines.
  ParallelFor(static_cast<int64_t>(rows.size()), kKvPageTokens, threads, [&](int64_t begin, int64_t end) {
    thread_local std::vector<uint16_t> halves;
    halves.resize(static_cast<size_t>(2 * width));
    for (int64_t i = begin; i < end; ++i) {
      const AttentionRow& row = rows[static_cast<size_t>(i)];
      auto* const page = static_cast<std::byte*>(row.pages[row.slot() / kKvPageTokens]);
      const int slot = row.slot() % kKvPageTokens;
      if (layout.type == DType::kF32) {
        StoreSlot(k + i * ld, v + i * ld, page, slot, layout, layer);
        continue;
      }
      ToHalf(k + i * ld, halves.data(), width);
      ToHalf(v + i * ld, halves.data() + width, width);
      StoreSlot(halves.data(), halves.data() + width, page, slot, layout, layer);
    }
  });
}

}  // namespace retort::cpu

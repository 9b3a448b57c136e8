// What a sequence of floats has stored, so that two can be compared bit for bit.
#pragma once

#include <vector>

#include "core/model/kv_cache.h"

namespace retort::testing {

/// Append keys and values of one layer at one position, an element of each in turn.
inline void AppendStored(const KvSequence& kv, size_t at, int layer, std::vector<float>* out) {
  const KvLayout& layout = kv.pool().layout();
  const auto* const page = static_cast<const char*>(kv.page_table()[at / kKvPageTokens]);
  const auto* const keys = reinterpret_cast<const float*>(page + layout.key_offset(layer));
  const auto* const values = reinterpret_cast<const float*>(page + layout.value_offset(layer));
  for (int i = 0; i < layout.kv_heads * layout.head_dim; ++i) {
    const int head = i / layout.head_dim, slot = static_cast<int>(at % kKvPageTokens), d = i % layout.head_dim;
    out->push_back(keys[layout.KeyIndex(head, slot, d)]);
    out->push_back(values[layout.ValueIndex(head, slot, d)]);
  }
}

/// The bits of all keys and values of a sequence, by position.
inline std::vector<float> Stored(const KvSequence& kv) {
  std::vector<float> out;
  for (size_t at = 0; at < kv.length(); ++at) {
    for (int layer = 0; layer < kv.pool().layout().layers; ++layer) AppendStored(kv, at, layer, &out);
  }
  return out;
}

}  // namespace retort::testing

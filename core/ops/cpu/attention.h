// The SIMD kernel of attention: query heads of one row that share a key/value head. A head's result depends on its row
// alone, not on the heads or rows beside it.
#pragma once

#include <cstdint>

#include "core/ops/ops.h"

namespace retort::cpu {

struct AttendCall {
  const float* q = nullptr;  // [heads, head_dim]
  const AttentionRow* row = nullptr;
  const KvLayout* layout = nullptr;
  int layer = 0, kv_head = 0, heads = 1;
  float scale = 1;
  float* scores = nullptr;  // scratch: heads * ScoreStride(position) floats
  float* out = nullptr;     // [heads, head_dim]
};

/// Floats of scratch for one head: a whole number of pages.
inline int64_t ScoreStride(int32_t position) { return (int64_t{position} / kKvPageTokens + 1) * kKvPageTokens; }

void Attend(const AttendCall& call);

}  // namespace retort::cpu

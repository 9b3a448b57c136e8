// SIMD kernels over single rows: norms, activations, attention. Each row's result depends on that row alone.
#pragma once

#include <cstdint>
#include <span>

#include "core/ops/ops.h"

namespace retort::cpu {

void RmsNormRow(const float* x, const float* weight, float eps, float* out, int64_t k);

/// out[f] = silu(gate[f]) * up[f]
void SiluMulRow(const float* gate, const float* up, float* out, int64_t f);

/// Attention of the query heads that share key/value head `kv_head`, for one row. q and out point at the group's first
/// head; `group` heads of layout.head_dim floats each. `scores` has room for group * (row.position + 1) floats.
void AttendGroup(const float* q, const AttentionRow& row, const KvLayout& layout, int layer, int kv_head, int group, float scale,
                 float* scores, float* out);

/// Floats to halves, rounded to nearest even.
void ToHalf(const float* src, uint16_t* dst, int64_t n);

}  // namespace retort::cpu

// SIMD kernels over single rows: norms, activations, conversions. Each row's result depends on that row alone.
#pragma once

#include <cstdint>

#include "core/ops/ops.h"

namespace retort::cpu {

/// Rows [begin, end) of k elements into out [t, k]; out may be x of a norm.
void MakeRows(const RowSource& rows, int64_t k, int64_t begin, int64_t end, float* out);

/// The cosines and sines of a position's angles as RotateHeads reads them: rope_dim of each, signs included.
void RotationTable(int32_t position, const float* inverse_frequencies, int rope_dim, bool neox, float* cosines,
                   float* sines);
/// Rotate the first rope_dim elements of each of `heads` heads, head_dim apart, in place. See OpSet::Rope.
void RotateHeads(float* row, int heads, int head_dim, int rope_dim, bool neox, const float* cosines,
                 const float* sines);

/// Floats to halves, rounded to nearest even.
void ToHalf(const float* src, uint16_t* dst, int64_t n);

}  // namespace retort::cpu

// SIMD kernels over single rows: norms, activations, conversions. Each row's result depends on that row alone.
#pragma once

#include <cstdint>

namespace retort::cpu {

void RmsNormRow(const float* x, const float* weight, float eps, float* out, int64_t k);

/// out[f] = silu(gate[f]) * up[f]
void SiluMulRow(const float* gate, const float* up, float* out, int64_t f);

/// Floats to halves, rounded to nearest even.
void ToHalf(const float* src, uint16_t* dst, int64_t n);

}  // namespace retort::cpu

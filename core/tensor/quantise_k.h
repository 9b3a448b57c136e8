// Rounding of 256 floats into one block of a K type.
#pragma once

#include "core/tensor/blocks.h"

namespace retort {

/// Scales are searched for the least error weighted by the values' magnitude, as in llama.cpp's make_qkx2_quants and
/// make_qx_quants; the error is that of llama.cpp's reference within some per cent, the bytes need not be the same.
void Round(const float* x, BlockQ4_K* block);
void Round(const float* x, BlockQ5_K* block);
void Round(const float* x, BlockQ6_K* block);

}  // namespace retort

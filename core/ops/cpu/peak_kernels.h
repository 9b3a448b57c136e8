// Loops that do nothing but load, or multiply and add, as fast as this processor can.
#pragma once

#include <cstdint>

namespace retort::cpu {

/// Load every byte of a multiple of 64.
void ReadBytes(const uint8_t* data, int64_t bytes);

/// `repeats` rounds of independent float multiply-adds, FloatPeakOps() operations a round.
void FloatPeak(int64_t repeats);
double FloatPeakOps();

/// `repeats` rounds of the byte products of MatMul on 4-bit weights, BytePeakOps() operations a round.
void BytePeak(int64_t repeats);
double BytePeakOps();

/// `repeats` rounds of products of full tiles of bfloat16. Only where HasMatrixTiles().
void BFloat16Peak(int64_t repeats);
double BFloat16PeakOps();

}  // namespace retort::cpu

// Passes over a row of logits, in vectors: a vocabulary has some 10^5 entries, and a step
// of eight sequences with blocks of draft tokens samples dozens of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace retort {

struct RowPeak {
  int32_t token = -1;  // the largest logit's; ties go to the smaller id. -1: no logit is above -inf
  float logit = 0;
  bool sound = true;  // false: a logit is NaN or +inf
};
RowPeak FindPeak(std::span<const float> logits);

/// weights[i] = exp((logits[i] - peak) * inverse_temperature), 0 below e^-87; 1 at the peak. The relative error is
/// that of the exponent's rounding, |exponent| * 2e-7 at most, and 3e-7.
/// Source of the polynomial: Moshier, Cephes library, expf.
void ExpWeights(std::span<const float> logits, float peak, float inverse_temperature, float* weights);

/// Sum in double; its order depends on the size alone.
double SumWeights(std::span<const float> weights);

}  // namespace retort

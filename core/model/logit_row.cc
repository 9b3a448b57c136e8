#include "core/model/logit_row.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace retort {
namespace {

constexpr size_t kLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Floats in their order as integers, whose maximum the compiler may compute in any order; NaNs lie beyond the
/// infinities.
int32_t Ordered(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

}  // namespace

RowPeak FindPeak(std::span<const float> logits) {
  RowPeak peak;
  const int32_t lowest = Ordered(-kInfinity), infinite = Ordered(kInfinity);
  int32_t largest = lowest, smallest = infinite;
  for (const float logit : logits) {
    largest = std::max(largest, Ordered(logit));
    smallest = std::min(smallest, Ordered(logit));
  }
  peak.sound = largest < infinite && smallest >= lowest;
  if (largest > lowest) {
    peak.logit = std::bit_cast<float>(largest ^ ((largest >> 31) & 0x7FFFFFFF));
    peak.token = static_cast<int32_t>(std::find(logits.begin(), logits.end(), peak.logit) - logits.begin());
  }
  return peak;
}

void ExpWeights(std::span<const float> logits, float peak, float inverse_temperature, float* weights) {
  // exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds, and leaves n in the low
  // bits.
  constexpr float kRound = 12582912.0f;
  const size_t size = logits.size();
  for (size_t i = 0; i < size; ++i) {
    const float x = (logits[i] - peak) * inverse_temperature;
    const float shifted = x * 1.44269504088896341f + kRound;
    const float n = shifted - kRound;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const uint32_t power = (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kRound) + 127u) << 23;
    const uint32_t mask = x > -87.0f ? ~0u : 0u;  // as a mask, since a branch here would keep the loop scalar
    weights[i] = std::bit_cast<float>(std::bit_cast<uint32_t>(p * std::bit_cast<float>(power)) & mask);
  }
}

double SumWeights(std::span<const float> weights) {
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= weights.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += static_cast<double>(weights[i + lane]);
  }
  for (; i < weights.size(); ++i) lanes[0] += static_cast<double>(weights[i]);
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

}  // namespace retort

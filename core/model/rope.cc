#include "core/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace retort {
namespace {

/// Frequencies that turn often within the original context stay, those that turn seldom are divided, and between the
/// two it changes linearly in the number of turns.
double Llama3Frequency(double frequency, const RopeScaling& s) {
  const double turns = s.original_context * frequency / (2 * std::numbers::pi);
  if (turns > s.high_freq_factor) return frequency;
  if (turns < s.low_freq_factor) return frequency / s.factor;
  const double kept = (turns - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1 - kept) * frequency / s.factor + kept * frequency;
}

/// As llama3, but linear in the dimension.
class YarnRamp {
 public:
  YarnRamp(double base, int32_t rope_dim, const RopeScaling& s) {
    const auto dimension = [&](double turns) {
      return rope_dim * std::log(s.original_context / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
    };
    low_ = dimension(s.beta_fast);
    high_ = dimension(s.beta_slow);
    if (s.truncate) {
      low_ = std::floor(low_);
      high_ = std::ceil(high_);
    }
    low_ = std::max(low_, 0.0);
    high_ = std::min(high_, rope_dim - 1.0);
    if (low_ == high_) high_ += 0.001;
  }
  /// How much of dimension pair i is divided: 0 to 1.
  double At(int32_t i) const { return std::clamp((i - low_) / (high_ - low_), 0.0, 1.0); }

 private:
  double low_, high_;
};

}  // namespace

float YarnAttentionFactor(double factor) { return factor <= 1 ? 1.0f : static_cast<float>(0.1 * std::log(factor) + 1); }

std::vector<double> InverseFrequencies(double base, int32_t rope_dim, const RopeScaling& scaling) {
  std::vector<double> values;
  for (int32_t i = 0; i < rope_dim / 2; ++i) values.push_back(std::pow(base, -2.0 * i / rope_dim));
  switch (scaling.kind) {
    case RopeScaling::Kind::kNone: break;
    case RopeScaling::Kind::kLinear:
      for (double& value : values) value /= scaling.factor;
      break;
    case RopeScaling::Kind::kLlama3:
      for (double& value : values) value = Llama3Frequency(value, scaling);
      break;
    case RopeScaling::Kind::kYarn: {
      const YarnRamp ramp(base, rope_dim, scaling);
      for (int32_t i = 0; i < rope_dim / 2; ++i) {
        double& value = values[static_cast<size_t>(i)];
        value = value / scaling.factor * ramp.At(i) + value * (1 - ramp.At(i));
      }
    }
  }
  return values;
}

}  // namespace retort

// The frequencies of rotary position embeddings (Su et al. 2021) and the ways in which models stretch them to longer
// contexts.
#pragma once

#include <cstdint>
#include <vector>

namespace retort {

struct RopeScaling {
  enum class Kind { kNone, kLinear, kLlama3, kYarn };
  Kind kind = Kind::kNone;
  float factor = 1;              // how much longer the context becomes
  int32_t original_context = 0;  // tokens that the model was first trained on (llama3, yarn)
  // llama3: rotations within the original context below which a frequency is divided by `factor`, and above which it
  // stays.
  float low_freq_factor = 1, high_freq_factor = 4;
  // yarn: the same two bounds, in dimensions rounded outwards where `truncate`; and what cosines and sines are
  // multiplied by.
  float beta_slow = 1, beta_fast = 32;
  bool truncate = true;
  float attention_factor = 1;
};

/// What YaRN recommends for `attention_factor` (Peng et al. 2023, section 3.4).
float YarnAttentionFactor(double factor);

/// rope_dim / 2 frequencies: base^(-2i / rope_dim), scaled. `base` > 1 where the kind is kYarn.
/// Source: linear: Chen et al. 2023; llama3: Meta's reference for Llama 3.1; yarn: Peng et al. 2023, section 3.2.
std::vector<double> InverseFrequencies(double base, int32_t rope_dim, const RopeScaling& scaling);

}  // namespace retort

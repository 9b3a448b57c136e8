// From logits to a token. Transforms apply in the order: repetition_penalty, temperature, top_k, top_p, min_p.
// The order and the meaning of each follow transformers' generation config, so settings can be carried over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/status.h"

namespace retort {

struct SamplingParams {
  double temperature = 0;          // >= 0; 0 = argmax of the penalised logits
  int32_t top_k = 0;               // >= 0; 0 = all
  double top_p = 1;                // (0, 1]; smallest set of the most likely with at least this mass
  double min_p = 0;                // [0, 1]; keep p >= min_p * max p
  double repetition_penalty = 1;   // > 0; logits of seen tokens are divided (if > 0) or multiplied. Keskar et al. 2019
  int32_t repetition_window = -1;  // tokens looked back at; -1 = all

  /// kInvalidArgument naming the first value out of range.
  Status Check() const;
};

struct TokenProbability {
  int32_t token;
  float probability;
};

class Sampler {
 public:
  explicit Sampler(SamplingParams params) : params_(params) {}
  const SamplingParams& params() const { return params_; }

  /// The distribution after all transforms; only tokens with p > 0. Sums to 1. Order: most likely first (ties by token
  /// id) where top_k or top_p is set below all, else by token id, which saves sorting the vocabulary.
  /// Errors: kInternal if a logit is NaN or +inf, or every one is -inf; kInvalidArgument for an empty row.
  Status Distribution(std::span<const float> logits, std::span<const int32_t> history,
                      std::vector<TokenProbability>* out);
  /// Inverse-CDF draw with u in [0, 1): the first token, in Distribution's order, whose cumulative probability exceeds
  /// u (within rounding: sums here are of the unrounded weights). Same errors.
  Result<int32_t> Sample(std::span<const float> logits, std::span<const int32_t> history, double u);

 private:
  struct Row {
    std::span<const float> logits;  // penalised
    int32_t best = 0;
  };
  bool Cuts() const { return params_.top_k > 0 || params_.top_p < 1 || params_.min_p > 0; }
  std::span<const float> Penalise(std::span<const float> logits, std::span<const int32_t> history);
  /// Penalise, check, and with a temperature fill weights_.
  Status Weigh(std::span<const float> logits, std::span<const int32_t> history, Row* row);
  /// The tokens that top_k, top_p and min_p leave, with their weights.
  void Cut(const Row& row, std::vector<TokenProbability>* out) const;

  SamplingParams params_;
  std::vector<float> penalised_, weights_;
  std::vector<TokenProbability> scratch_;
};

}  // namespace retort

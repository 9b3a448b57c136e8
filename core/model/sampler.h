// From logits to a token. Transforms apply in the order: logit_bias, repetition_penalty, allowed, temperature, top_k,
// top_p, min_p. The order and the meaning of each follow transformers' generation config, so settings can be carried
// over. Plain decoding, drafting and verification all take their distributions from here.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "retort/status.h"

namespace retort {

struct LogitBias {
  int32_t token;
  float bias;  // finite, or -inf to forbid the token
  bool operator==(const LogitBias&) const = default;
};

struct SamplingParams {
  double temperature = 0;          // >= 0; 0 = argmax of the penalised logits
  int32_t top_k = 0;               // >= 0; 0 = all
  double top_p = 1;                // (0, 1]; smallest set of the most likely with at least this mass
  double min_p = 0;                // [0, 1]; keep p >= min_p * max p
  double repetition_penalty = 1;   // > 0; logits of seen tokens are divided (if > 0) or multiplied. Keskar et al. 2019
  int32_t repetition_window = -1;  // tokens looked back at; -1 = all
  std::vector<LogitBias> logit_bias = {};  // added to the logits; a token may stand there more than once
  std::vector<int32_t> allowed = {};       // the only tokens that may come; empty = all

  /// kInvalidArgument naming the first value out of range. Tokens are checked against the row that they meet.
  Status Check() const;
  bool operator==(const SamplingParams&) const = default;
};

struct TokenProbability {
  int32_t token;
  float probability;
};

class Sampler {
 public:
  explicit Sampler(SamplingParams params) : params_(std::move(params)) {}
  const SamplingParams& params() const { return params_; }
  /// Other settings, the same buffers.
  void set_params(SamplingParams params) { params_ = std::move(params); }

  /// The distribution after all transforms; only tokens with p > 0. Sums to 1. Order: most likely first (ties by token
  /// id) where top_k or top_p is set below all, else by token id, which saves sorting the vocabulary.
  /// Errors: kInternal if a logit is NaN or +inf, or every one is -inf; kInvalidArgument for an empty row, a token of
  /// the settings outside of it, or settings that leave no token.
  Status Distribution(std::span<const float> logits, std::span<const int32_t> history,
                      std::vector<TokenProbability>* out);
  /// The same as a row: probabilities [V], 0 for the tokens that the transforms leave out. Same errors.
  Status Probabilities(std::span<const float> logits, std::span<const int32_t> history, std::vector<float>* row);
  /// Inverse-CDF draw with u in [0, 1): the first token, in Distribution's order, whose cumulative probability exceeds
  /// u (within rounding: sums here are of the unrounded weights). Same errors.
  Result<int32_t> Sample(std::span<const float> logits, std::span<const int32_t> history, double u);

 private:
  struct Row {
    std::span<const float> logits;  // adjusted
    int32_t best = 0;
  };
  bool Cuts() const { return params_.top_k > 0 || params_.top_p < 1 || params_.min_p > 0; }
  /// The row with bias, penalty and mask. Errors: kInvalidArgument, as Distribution.
  Result<std::span<const float>> Adjust(std::span<const float> logits, std::span<const int32_t> history);
  void Penalise(std::span<const int32_t> history);
  /// Adjust, check, and with a temperature fill weights_.
  Status Weigh(std::span<const float> logits, std::span<const int32_t> history, Row* row);
  /// The tokens that top_k, top_p and min_p leave, with their weights.
  void Cut(const Row& row, std::vector<TokenProbability>* out) const;

  SamplingParams params_;
  std::vector<float> adjusted_, masked_, weights_;
  std::vector<uint8_t> seen_;  // all 0 between calls
  std::vector<TokenProbability> scratch_;
};

}  // namespace retort

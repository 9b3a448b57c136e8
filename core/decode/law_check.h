// Whether generated tokens follow the law of a model: the model itself says what the law was at each place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/decode/uniform_cells.h"
#include "core/model/model.h"
#include "core/model/sampler.h"

namespace retort {

/// Prompt and completion as they were generated, and how tokens were drawn.
struct GeneratedSequence {
  std::string id;
  std::vector<int32_t> tokens;
  size_t prompt_count = 0;
  SamplingParams sampling;
};

/// A token that the law forbids: at temperature 0 all but the argmax, else those that top_k, top_p, min_p or a mask
/// leave out.
struct ForbiddenToken {
  std::string id;
  size_t position = 0;  // in the completion, from 0
  int32_t token = 0;
  double margin = 0;  // logits by which it is below the least likely token that may come; infinite for a masked one
};

class LawCheck {
 public:
  /// `margin`: logits by which a forbidden token may miss, since the run and the check round differently; 0: none.
  explicit LawCheck(double margin) : margin_(margin) {}

  /// Score a batch in one step of the model. Not thread-safe, and no other step may run. Errors: those of Model and
  /// Sampler.
  Status Add(Model& model, std::span<const GeneratedSequence> sequences);

  uint64_t sequences() const { return sequences_; }
  uint64_t sampled_tokens() const { return sampled_; }
  uint64_t argmax_tokens() const { return argmax_; }  // of sequences at temperature 0
  /// Tokens that missed by no more than the margin.
  uint64_t near_ties() const { return near_ties_; }
  uint64_t forbidden_count() const { return forbidden_count_; }
  /// The first few of them.
  const std::vector<ForbiddenToken>& forbidden() const { return forbidden_; }
  /// The cells of both orders, corrected over all of them.
  std::vector<Cell> Cells() const;

 private:
  Status AddSequence(const GeneratedSequence& sequence, std::span<const float> logits, size_t vocab);
  Status AddForbidden(const GeneratedSequence& sequence, size_t position, std::span<const float> logits,
                      std::span<const float> p);

  double margin_;
  uint64_t sequences_ = 0, sampled_ = 0, argmax_ = 0, near_ties_ = 0, forbidden_count_ = 0;
  std::vector<ForbiddenToken> forbidden_;
  UniformCells by_rank_{"by rank"}, by_hash_{"shuffled"};
};

}  // namespace retort

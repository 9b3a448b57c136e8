// What the target says at each place of a block: p after all transforms, or a token drawn from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/model/sampler.h"

namespace retort {

/// Row 0 follows the sequence, row 1 + i draft token i. Transforms that look back see the sequence and the draft tokens
/// pushed so far. Views `sampler` and `logits`.
class TargetRows {
 public:
  /// Shapes: logits [rows, vocab]. `sequence`: the tokens before the block.
  TargetRows(Sampler& sampler, std::span<const float> logits, size_t vocab, std::span<const int32_t> sequence);

  size_t rows() const { return logits_.size() / vocab_; }
  size_t vocab() const { return vocab_; }
  double temperature() const { return sampler_.params().temperature; }
  /// Tokens of the sequence, without those pushed.
  size_t begin() const { return begin_; }

  /// The place moves on over a draft token, or back to the first `count` of those pushed.
  void Push(int32_t token) { history_.push_back(token); }
  void Keep(size_t count) { history_.resize(begin_ + count); }
  size_t pushed() const { return history_.size() - begin_; }

  /// Errors of all three: those of Sampler.
  Status Probabilities(size_t row, std::vector<float>* p);
  Result<int32_t> Sample(size_t row, double u);
  /// p at another temperature, above 0, with bias, penalty and mask but without top_k, top_p and min_p.
  Status UncutProbabilities(size_t row, double temperature, std::vector<float>* p);

 private:
  std::span<const float> Row(size_t row) const { return logits_.subspan(row * vocab_, vocab_); }

  Sampler& sampler_;
  std::optional<Sampler> uncut_;
  std::span<const float> logits_;
  size_t vocab_, begin_;
  std::vector<int32_t> history_;
};

}  // namespace retort

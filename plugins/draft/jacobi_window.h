// The window of lookahead decoding: guesses of the tokens ahead, which every step of the target renews.
// Source: Fu et al., "Break the Sequential Dependency of LLM Inference Using Lookahead Decoding", arXiv 2402.02057,
// section 3; Jacobi iteration: Santilli et al., arXiv 2305.10427.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plugins/draft/ngram_pool.h"

namespace drafting {

/// Column c has a token for each of the positions e + c, e + c + 1, ..., where e is that of the text's last token:
/// level 0 is the most settled guess of a position, each level above was made a step later. What the target says after
/// the tokens of level 0 up to column c and then up the column is the next one of the column; all of it is an n-gram.
class JacobiWindow {
 public:
  JacobiWindow(size_t columns, size_t levels) : levels_(levels), columns_(columns) {}

  size_t size() const { return columns_.size(); }
  /// [levels] tokens; empty before the first Move. That of column 0 at level 0 is the text's last token.
  std::span<const int32_t> column(size_t c) const { return columns_[c]; }

  /// The text has grown by `grown` tokens, 1 or more; answers[c] (all or none are given) is what the target said after
  /// column c, or -1. Columns stay at their positions and lose their lowest level; what is not known is taken from
  /// the pool, else from `text`.
  void Move(size_t grown, std::span<const int32_t> answers, std::span<const int32_t> text, const NgramPool& pool);

 private:
  int32_t Likely(int32_t after, std::span<const int32_t> text, const NgramPool& pool);
  void Begin(std::span<const int32_t> text, const NgramPool& pool);

  size_t levels_;
  std::vector<std::vector<int32_t>> columns_;
  uint64_t chance_ = 0;
};

}  // namespace drafting

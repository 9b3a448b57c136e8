// Prompt lookup: what followed the last tokens when they last stood in the same sequence.
// Source: Saxena, "Prompt Lookup Decoding", 2023 (github.com/apoorvumang/prompt-lookup-decoding); LLMA, arXiv
// 2304.04487.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace drafting {

/// An index over one growing sequence. For every n from min_match to max_match it knows where each n-gram last ended,
/// so that adding a token and drafting cost O(max_match), not a search of the text.
class PromptLookup {
 public:
  PromptLookup(size_t min_match, size_t max_match);

  /// Take the tokens that are new since the last call; `sequence` only ever grows.
  void Update(std::span<const int32_t> sequence);

  /// The tokens that followed the most recent earlier place of the longest suffix found, `count` at most; they may run
  /// into the sequence's own end and are then continued periodically. Empty where no suffix of min_match tokens recurs.
  /// `ahead` is taken as if it followed the sequence; `match`, if not null, becomes the length of the suffix.
  std::vector<int32_t> Draft(size_t count, std::span<const int32_t> ahead = {}, size_t* match = nullptr) const;

 private:
  uint64_t HashSuffix(std::span<const int32_t> ahead, size_t end, size_t n) const;
  int32_t At(std::span<const int32_t> ahead, size_t i) const {
    return i < tokens_.size() ? tokens_[i] : ahead[i - tokens_.size()];
  }

  size_t min_match_, max_match_;
  std::vector<int32_t> tokens_;
  // n-gram (its hash) -> end of its last occurrence and of the one before, which is what a suffix at the end looks for.
  struct Ends {
    size_t last = 0, previous = 0;
  };
  std::vector<std::unordered_map<uint64_t, Ends>> ends_;
};

}  // namespace drafting

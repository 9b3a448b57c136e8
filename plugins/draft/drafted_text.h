// What a model with other tokens drafts, as tokens of the sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/draft/vocabulary.h"

namespace drafting {

/// One draft: text that grows by tokens of the drafter, and its tokens in the target's vocabulary.
class DraftedText {
 public:
  static constexpr size_t kContext = 8;  // tokens of the sequence that the draft's text is encoded with

  /// The draft continues `sequence`, of whose text the drafter has not seen the bytes `open`: they are not drafted
  /// again. All must outlive this.
  DraftedText(const Vocabulary& target, const Vocabulary& own, std::span<const int32_t> sequence, std::string_view open)
      : target_(&target), own_(&own), sequence_(sequence), open_(open) {}

  /// The bytes that the drafter has to say before anything else: what is left of `open`.
  std::string_view owed() const { return open_.substr(std::min(open_.size(), text_.size())); }
  /// Add a token of the drafter. False where the draft ends with it: at a special token, which is drafted by its name
  /// (an end by the target's end where there is no namesake), and at bytes that do not continue the sequence.
  bool Append(int32_t token);
  /// The draft so far, without a character at its end that is not whole yet. Put after the sequence's text it spells
  /// the drafter's text, as the target would be likeliest to: encoded with the sequence's last tokens where there is a
  /// border between both, else alone.
  std::vector<int32_t> Tokens() const;

 private:
  int32_t EndFor(const Vocabulary::Token& special) const;
  std::string Context() const;
  void AppendFaithful(std::span<const int32_t> tokens, std::string_view text, std::vector<int32_t>* out) const;

  const Vocabulary* target_;
  const Vocabulary* own_;
  std::span<const int32_t> sequence_;
  std::string_view open_;
  std::string text_;  // of the drafter's tokens; begins as `open` does
  int32_t end_ = -1;  // of the target: what ends the draft
};

}  // namespace drafting

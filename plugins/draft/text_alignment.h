// The text of a sequence in the tokens of another vocabulary, kept up as the sequence grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/draft/vocabulary.h"

namespace drafting {

/// What has been encoded stays but for a few tokens at the end, which more text may join otherwise. The last ones are
/// encoded anew with the new text, from a border between two tokens on, and replaced from where both segmentations
/// agree; where they do not, from further back, to a limit. (As `transformers` aligns prompts of two tokenizers,
/// without its search over all pairs: borders are byte offsets here.)
///
/// The tokens decode to the text, byte for byte, wherever the vocabulary can spell it; they are those of encoding it
/// as the beginning of a longer one, but for a word longer than the limit. A tokenizer that adds to the text's
/// beginning, a space say, does so once. What does not decode to its text is believed at its ends only.
///
/// Special tokens stand for themselves where the other vocabulary has one of the same name, and their names for them
/// elsewhere; a begin-of-sequence at the beginning, without a namesake, is left out.
class TextAlignment {
 public:
  static constexpr size_t kLookbehind = 16, kLongestLookbehind = 64;  // tokens encoded anew

  /// Both must outlive this.
  TextAlignment(const Vocabulary& of_sequence, const Vocabulary& own) : of_sequence_(of_sequence), own_(own) {}

  /// Take in the sequence. Its new tokens are encoded, and kLongestLookbehind tokens three times at most; one that did
  /// not grow out of the last one is encoded whole.
  void Update(std::span<const int32_t> sequence);

  const std::vector<int32_t>& tokens() const { return tokens_; }
  /// The bytes at the sequence's end that tokens() leaves out: of a character that is not whole yet.
  std::string_view open() const { return std::string_view(run_).substr(covered_); }
  /// Bytes encoded so far, those encoded anew included.
  size_t encoded_bytes() const { return encoded_bytes_; }

 private:
  static constexpr size_t kNowhere = SIZE_MAX;
  /// Tokens of a part of the run, with the offset where each ends.
  struct Piece {
    std::vector<int32_t> tokens;
    std::vector<size_t> ends;
  };
  /// Where two segmentations are joined: before token `old` of this run and before token `fresh` of a piece.
  struct Joint {
    size_t old, fresh;
  };

  void Add(int32_t token);
  bool AtBeginning() const { return tokens_.size() == own_.beginning().size() && run_.empty(); }
  void Encode(bool whole);
  size_t BorderBefore(size_t count) const;
  size_t Start(size_t token) const { return token == 0 ? 0 : ends_[token - 1]; }
  Piece EncodePiece(size_t start, size_t end, bool whole);
  bool Join(const Piece& piece, size_t count, Joint* joint) const;

  const Vocabulary& of_sequence_;
  const Vocabulary& own_;
  std::vector<int32_t> seen_;
  std::vector<int32_t> tokens_;
  std::string run_;           // text since the last special token
  size_t run_first_ = 0;      // in tokens_
  std::vector<size_t> ends_;  // of the run's tokens, in its text; kNowhere: not known
  size_t covered_ = 0;        // of run_: what is encoded
  size_t encoded_bytes_ = 0;
};

}  // namespace drafting

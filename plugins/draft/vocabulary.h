// A vocabulary, as far as text is carried from one model's tokens to another's.
// Free of the SDK, so that tests run it on tokenizers of their own; `ReadVocabulary` (translated_drafter.h) reads that
// of a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "retort/status.h"

namespace drafting {

/// Immutable once made; as thread-safe as its encoder.
class Vocabulary {
 public:
  struct Token {
    std::string_view bytes;  // maybe a part of a character; outlives the vocabulary
    bool special = false;    // a control token: `bytes` is its name, which text never says
    bool end = false;        // ends a turn or the text
  };
  struct Data {
    std::vector<Token> tokens;
    std::vector<int32_t> beginning;  // what every sequence begins with; mostly nothing
    int32_t bos = -1, eos = -1;      // -1: none
    /// The tokens of text, which is valid UTF-8; names of special tokens in it are text.
    std::function<retort::Result<std::vector<int32_t>>(std::string_view)> encode;
  };

  explicit Vocabulary(Data data);

  size_t size() const { return data_.tokens.size(); }
  /// One that only pads, for a number out of range.
  Token operator[](int32_t token) const {
    return token >= 0 && static_cast<size_t>(token) < size() ? data_.tokens[static_cast<size_t>(token)] : Token{};
  }
  std::span<const int32_t> beginning() const { return data_.beginning; }
  int32_t bos() const { return data_.bos; }
  int32_t eos() const { return data_.eos; }
  /// The special token of this name, or -1.
  int32_t FindSpecial(std::string_view name) const;

  /// The tokens of any bytes: characters as the tokenizer has them, bytes that are no character by EncodeParts. What
  /// the vocabulary cannot spell, or the tokenizer refuses, is left out.
  std::vector<int32_t> Encode(std::string_view bytes) const;
  /// The same for the beginning of a longer text. White space at its end is encoded as if a letter followed, which in
  /// most pre-tokenizers is another word than white space at the end of everything, unless it is one with the letter.
  std::vector<int32_t> EncodeBeginning(std::string_view bytes) const;
  /// Parts of characters: always the longest token that is no text by itself.
  void EncodeParts(std::string_view bytes, std::vector<int32_t>* out) const;
  /// The tokens that go with `bytes`: begin with them, or are a beginning of them. Cost: O(size()).
  std::vector<int32_t> Spelling(std::string_view bytes) const;

 private:
  Data data_;
  std::unordered_map<std::string_view, int32_t> specials_, parts_;
  size_t longest_part_ = 0;
};

/// Length of the beginning of `bytes` that is not the beginning of a character whose end is missing.
size_t WithoutOpenCharacter(std::string_view bytes);

}  // namespace drafting

// The tokens of a text, read piece by piece, so that the text may be longer than memory.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/model/tokenizer.h"

namespace retort {

class TextTokens {
 public:
  /// `name` stands for the text in messages. `twin`, if not null, is a tokenizer that must give the same tokens.
  /// All of them must outlive the object.
  TextTokens(std::istream& in, std::string name, const Tokenizer& tokenizer, const Tokenizer* twin = nullptr)
      : in_(in), name_(std::move(name)), tokenizer_(tokenizer), twin_(twin) {}

  const std::string& name() const { return name_; }
  /// Append the next `count` tokens to `out`, fewer where the text ends. Special tokens' texts are text.
  /// Errors: kInvalidArgument where the text is no valid UTF-8 or the twin's tokens differ, kDataLoss where reading
  /// fails.
  Status Take(size_t count, std::vector<int32_t>* out);

 private:
  Status ReadPiece();
  Status EncodePiece(size_t size);

  std::istream& in_;
  const std::string name_;
  const Tokenizer& tokenizer_;
  const Tokenizer* const twin_;
  std::string text_;             // read and not yet encoded
  size_t offset_ = 0;            // of text_ in the whole
  std::vector<int32_t> tokens_;  // encoded; those before next_ are taken
  size_t next_ = 0;
  bool ended_ = false;
};

}  // namespace retort

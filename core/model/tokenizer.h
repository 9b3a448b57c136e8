// Byte-level BPE tokenizers read from GGUF metadata. Immutable after Create; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

class GgufFile;  // core/model/gguf.h

class Tokenizer {
 public:
  struct EncodeOptions {
    bool add_special = false;    // begin-of-sequence where the model's metadata asks for it
    bool parse_special = false;  // text of special tokens becomes these tokens
  };
  /// Errors: kUnsupported (a model or pre-tokenizer we do not know, with the list of those we do), kDataLoss.
  static Result<std::unique_ptr<Tokenizer>> Create(const GgufFile& file);
  virtual ~Tokenizer() = default;

  /// Errors: kInvalidArgument at the byte where `text` is no valid UTF-8.
  virtual Result<std::vector<int32_t>> Encode(std::string_view text, EncodeOptions options) const = 0;
  /// The tokens' bytes; special tokens give their text only if `special`. Ids out of range are left out.
  virtual std::string Decode(const int32_t* tokens, size_t count, bool special = false) const = 0;
  /// Decode's bytes of a single token (may be part of a character).
  virtual std::string_view TokenBytes(int32_t token) const = 0;

  virtual int32_t vocab_size() const = 0;
  virtual int32_t bos() const = 0;  // -1: none
  virtual int32_t eos() const = 0;  // -1: none
  /// Ends a turn: eos, and the chat format's own end markers.
  virtual bool IsEndToken(int32_t token) const = 0;
  virtual bool IsSpecial(int32_t token) const = 0;
  /// The token with exactly this text, or -1.
  virtual int32_t Find(std::string_view text) const = 0;
};

}  // namespace retort

// Byte-level BPE tokenizers. Immutable after Create; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

class GgufFile;  // core/model/gguf.h

/// What a byte-level BPE tokenizer is made from: the tokenizer.ggml.* metadata of a GGUF file, or tokenizer.json.
struct TokenizerData {
  std::string keys = "tokenizer.ggml.";  // before the names of settings in messages
  std::string model;                     // "gpt2"
  std::string pre;                       // name of the pre-tokenizer
  std::vector<std::string> tokens;       // texts; of normal tokens in GPT-2's spelling of bytes
  // As in GGUF: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty: all normal.
  std::vector<int32_t> token_types;
  std::vector<std::string> merges;    // "left right", best first
  int32_t bos = -1, eos = -1;         // -1: none
  std::vector<int32_t> end_tokens;    // further ids that end a turn
  std::optional<bool> add_bos;        // default: what the pre-tokenizer's family does
  std::optional<bool> ignore_merges;  // words that are in the vocabulary need no merges; default: as add_bos
};

class Tokenizer {
 public:
  struct EncodeOptions {
    bool add_special = false;    // begin-of-sequence where the model's metadata asks for it
    bool parse_special = false;  // text of special tokens becomes these tokens; user-defined tokens always do
  };
  /// Errors: kUnsupported (a model or pre-tokenizer we do not know, with the list of those we do), kDataLoss.
  static Result<std::unique_ptr<Tokenizer>> Create(const GgufFile& file);
  static Result<std::unique_ptr<Tokenizer>> Create(const TokenizerData& data);
  virtual ~Tokenizer() = default;

  /// Decode gives `text` back, less the bytes for which the vocabulary has no token: they are left out, as the
  /// reference tokenizers do (SmolLM2 lacks six control characters and the lead bytes of U+40000 to U+BFFFF).
  /// Text is not normalised: Qwen2's publisher turns it into NFC first, which GGUF has no key for, and tokenizer.json
  /// is read the same way. Errors: kInvalidArgument at the byte where `text` is no valid UTF-8.
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
  /// The token that decodes to exactly this text, or -1. A normal token goes before a special one.
  virtual int32_t Find(std::string_view text) const = 0;
};

}  // namespace retort

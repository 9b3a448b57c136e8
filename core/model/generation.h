// The text side of one sequence: prompt, generated tokens, limits, and when it is finished.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer.h"

namespace retort {

enum class FinishReason : int32_t { kNone = 0, kStop = 1, kLength = 2 };
/// "stop", "length"; "" for kNone.
std::string_view FinishReasonName(FinishReason reason);

struct GenerationLimits {
  int32_t max_tokens = 256;       // >= 0
  std::vector<std::string> stop;  // text that ends the completion, itself left out; empty strings are ignored
  bool ignore_eos = false;
};

class Generation {
 public:
  /// `tokenizer` must outlive this. `context_length` bounds prompt and generated tokens together.
  Generation(const Tokenizer& tokenizer, std::vector<int32_t> prompt, int32_t context_length);

  /// Once; max_tokens is lowered to what the context leaves. 0 finishes at once.
  void SetLimits(GenerationLimits limits);
  bool has_limits() const { return has_limits_; }
  const GenerationLimits& limits() const { return limits_; }

  const std::vector<int32_t>& tokens() const { return tokens_; }  // prompt, then generated
  size_t prompt_count() const { return prompt_count_; }
  size_t generated_count() const { return tokens_.size() - prompt_count_; }
  FinishReason finish() const { return finish_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

  /// Append until a token finishes the sequence: an end token (kept), a stop string complete, max_tokens reached.
  /// Returns how many were kept. Nothing is appended once finished.
  size_t Commit(std::span<const int32_t> tokens);

  /// The completion: bytes of the generated tokens without special tokens, cut before a stop string; bytes that are no
  /// valid UTF-8 become U+FFFD.
  std::string Text() const;

 private:
  const Tokenizer& tokenizer_;
  std::vector<int32_t> tokens_;
  size_t prompt_count_;
  int32_t context_length_;
  GenerationLimits limits_;
  bool has_limits_ = false;
  FinishReason finish_ = FinishReason::kNone;
  std::string text_;                     // bytes generated so far, end tokens left out
  size_t text_end_ = std::string::npos;  // where a stop string cut it
};

}  // namespace retort

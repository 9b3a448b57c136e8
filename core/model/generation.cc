#include "core/model/generation.h"

#include <algorithm>

#include "core/model/utf8.h"

namespace retort {
namespace {

/// Bytes at `offset`, where no valid character begins, that one U+FFFD stands for: the longest beginning of a valid
/// character, or one byte. Source: Unicode 15, section 3.9, "maximal subpart".
size_t InvalidLength(std::string_view bytes, size_t offset) {
  // A beginning is one that some bytes complete: second bytes differ by lead, later ones are all alike.
  for (size_t length = 3; length > 1; --length) {
    if (offset + length > bytes.size()) continue;
    for (const char* rest : {"\x80", "\x80\x80"}) {
      const std::string whole = std::string(bytes.substr(offset, length)) + rest;
      if (Utf8CharLength(whole, 0) == whole.size()) return length;
    }
  }
  return 1;
}

std::string ReplaceInvalid(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    size_t length = Utf8CharLength(bytes, i);
    if (length > 0) {
      text.append(bytes.substr(i, length));
    } else {
      text.append("\xEF\xBF\xBD");
      length = InvalidLength(bytes, i);
    }
    i += length;
  }
  return text;
}

}  // namespace

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone: return "";
    case FinishReason::kStop: return "stop";
    case FinishReason::kLength: return "length";
  }
  return "";
}

Generation::Generation(const Tokenizer& tokenizer, std::vector<int32_t> prompt, int32_t context_length)
    : tokenizer_(tokenizer),
      tokens_(std::move(prompt)),
      prompt_count_(tokens_.size()),
      context_length_(context_length) {}

void Generation::SetLimits(GenerationLimits limits) {
  if (has_limits_) return;
  has_limits_ = true;
  limits_ = std::move(limits);
  std::erase(limits_.stop, "");
  const int64_t room = std::max<int64_t>(0, context_length_ - static_cast<int64_t>(prompt_count_));
  limits_.max_tokens = static_cast<int32_t>(std::min<int64_t>(std::max(0, limits_.max_tokens), room));
  if (limits_.max_tokens == 0) finish_ = FinishReason::kLength;
}

size_t Generation::Commit(std::span<const int32_t> tokens) {
  size_t kept = 0;
  for (const int32_t token : tokens) {
    if (finish_ != FinishReason::kNone) break;
    tokens_.push_back(token);
    ++kept;
    if (!limits_.ignore_eos && tokenizer_.IsEndToken(token)) {
      finish_ = FinishReason::kStop;
      break;
    }
    const size_t before = text_.size();
    if (!tokenizer_.IsSpecial(token)) text_.append(tokenizer_.TokenBytes(token));
    for (const std::string& stop : limits_.stop) {
      // A stop string completed by this token begins less than its own length before the new text.
      const size_t from = before >= stop.size() - 1 ? before - (stop.size() - 1) : 0;
      text_end_ = std::min(text_end_, text_.find(stop, from));
    }
    if (text_end_ != std::string::npos) {
      finish_ = FinishReason::kStop;
    } else if (generated_count() >= static_cast<size_t>(limits_.max_tokens)) {
      finish_ = FinishReason::kLength;
    }
  }
  return kept;
}

std::string Generation::Text() const { return ReplaceInvalid(std::string_view(text_).substr(0, text_end_)); }

}  // namespace retort

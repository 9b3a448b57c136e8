// A regular expression (PCRE2, UTF-8) whose search is bounded in work and memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

class Pattern {
 public:
  /// Errors: kInvalidArgument saying what is wrong, and behind which character.
  static Result<Pattern> Compile(const std::string& text);
  /// Whether it is found anywhere in `text`. Errors: kResourceExhausted where the search takes too much,
  /// kInvalidArgument where `text` is no UTF-8.
  Result<bool> FoundIn(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  struct Code;
  Pattern(std::string text, std::shared_ptr<const Code> code) : text_(std::move(text)), code_(std::move(code)) {}
  std::string text_;
  std::shared_ptr<const Code> code_;
};

}  // namespace retort

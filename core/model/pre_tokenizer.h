// Cuts text into the words within which byte-level BPE merges, by the regular expression of the model's family.
// Immutable after Create; Split is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

class PreTokenizer {
 public:
  static constexpr uint32_t kDefaultMatchLimit = 10'000'000;

  /// `name` is the value of tokenizer.ggml.pre. `match_limit` bounds the work of one match (PCRE2's unit); past it the
  /// text is cut into bounded windows first, so a low limit moves word borders but never loses text.
  /// Errors: kUnsupported for a name not in KnownNames(), with the list.
  static Result<PreTokenizer> Create(std::string_view name, uint32_t match_limit = kDefaultMatchLimit);
  static std::span<const std::string_view> KnownNames();

  /// Append the words of `text`, which must be valid UTF-8, to `words`. Put together they are `text`.
  void Split(std::string_view text, std::vector<std::string_view>& words) const;

 private:
  struct Regex;
  explicit PreTokenizer(std::shared_ptr<const Regex> regex) : regex_(std::move(regex)) {}
  std::shared_ptr<const Regex> regex_;
};

}  // namespace retort

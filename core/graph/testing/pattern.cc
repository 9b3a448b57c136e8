#include "core/graph/testing/pattern.h"

#include <array>

#include <pcre2.h>

namespace retort {
namespace {

constexpr uint32_t kMostSteps = 1'000'000;  // of backtracking
constexpr uint32_t kMostHeap = 16 * 1024;   // KiB

std::string ErrorText(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR Units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

struct Release {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

struct Pattern::Code {
  std::unique_ptr<pcre2_code, Release> compiled;
};

Result<Pattern> Pattern::Compile(const std::string& text) {
  int error = 0;
  PCRE2_SIZE at = 0;
  auto code = std::make_shared<Code>();
  code->compiled.reset(pcre2_compile(Units(text), text.size(), PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr));
  if (code->compiled == nullptr)
    return InvalidArgument("`" + text + "` is no regular expression: " + ErrorText(error) + " (behind byte " +
                           std::to_string(at) + ")");
  return Pattern(text, std::move(code));
}

Result<bool> Pattern::FoundIn(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, Release> data(
      pcre2_match_data_create_from_pattern(code_->compiled.get(), nullptr));
  const std::unique_ptr<pcre2_match_context, Release> context(pcre2_match_context_create(nullptr));
  if (data == nullptr || context == nullptr) return ResourceExhausted("no memory for a regular expression");
  pcre2_set_match_limit(context.get(), kMostSteps);
  pcre2_set_heap_limit(context.get(), kMostHeap);
  const int found = pcre2_match(code_->compiled.get(), Units(text), text.size(), 0, 0, data.get(), context.get());
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  const bool limit = found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT;
  const std::string why = "`" + text_ + "`: " + ErrorText(found);
  return limit ? ResourceExhausted(why + "; write a simpler expression") : InvalidArgument(why);
}

}  // namespace retort

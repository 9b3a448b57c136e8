#include "tools/cli/tasks/number_text.h"

#include <cstdlib>
#include <string>

namespace retort::cli {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) > 127;
}

size_t EndOfDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

/// Whether `at` is a comma before a group of three digits, no more.
bool IsGroup(std::string_view text, size_t at) { return text[at] == ',' && EndOfDigits(text, at + 1) == at + 4; }

/// The number that begins with the digit at `begin`; `*end` is behind it.
double NumberAt(std::string_view text, size_t begin, size_t* end) {
  size_t at = EndOfDigits(text, begin);
  std::string digits(text.substr(begin, at - begin));
  if (at - begin <= 3) {
    for (; at < text.size() && IsGroup(text, at); at += 4) digits += text.substr(at + 1, 3);
  }
  if (at + 1 < text.size() && text[at] == '.' && IsDigit(text[at + 1])) {
    const size_t point = at;
    at = EndOfDigits(text, at + 1);
    digits += text.substr(point, at - point);
  }
  *end = at;
  const bool minus =
      begin > 0 && text[begin - 1] == '-' && (begin == 1 || (!IsDigit(text[begin - 2]) && !IsLetter(text[begin - 2])));
  return (minus ? -1 : 1) * std::strtod(digits.c_str(), nullptr);
}

}  // namespace

std::optional<double> LastNumber(std::string_view text) {
  std::optional<double> last;
  for (size_t at = 0; at < text.size();) {
    if (IsDigit(text[at])) {
      last = NumberAt(text, at, &at);
    } else {
      ++at;
    }
  }
  return last;
}

}  // namespace retort::cli

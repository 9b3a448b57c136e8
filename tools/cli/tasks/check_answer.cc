#include <algorithm>

#include "tools/cli/tasks/number_text.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// The first line that is not blank.
std::string_view FirstLine(std::string_view text) {
  text = Trimmed(text);
  return Trimmed(text.substr(0, text.find('\n')));
}

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) > 127;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Whether no word or number goes on across the place before text[at].
bool IsBoundary(std::string_view text, size_t at) {
  return at == 0 || at >= text.size() || !IsAlphanumeric(text[at - 1]) || !IsAlphanumeric(text[at]);
}

bool HasWords(std::string_view text, std::string_view words) {
  const std::string in = Lower(text), wanted = Lower(words);
  for (size_t at = in.find(wanted); at != in.npos; at = in.find(wanted, at + 1)) {
    if (IsBoundary(in, at) && IsBoundary(in, at + wanted.size())) return true;
  }
  return false;
}

std::string_view FirstWord(std::string_view line) {
  const auto begin = std::find_if(line.begin(), line.end(), IsAlphanumeric);
  const auto end = std::find_if_not(begin, line.end(), IsAlphanumeric);
  return line.substr(static_cast<size_t>(begin - line.begin()), static_cast<size_t>(end - begin));
}

}  // namespace

bool Passes(const Task& task, std::string_view completion) {
  const std::string_view line = FirstLine(completion), answer = task.answers.front();
  switch (task.check) {
    case TaskCheck::kExact: return line == answer;
    case TaskCheck::kPrefix: return line.starts_with(answer) && IsBoundary(line, answer.size());
    case TaskCheck::kContains:
      return std::all_of(task.answers.begin(), task.answers.end(),
                         [&](const std::string& words) { return HasWords(completion, words); });
    case TaskCheck::kNumber: {
      const auto number = LastNumber(line);
      return number && number == LastNumber(answer);
    }
    case TaskCheck::kFirstWord: return !answer.empty() && Lower(FirstWord(line)) == Lower(answer);
  }
  return false;
}

}  // namespace retort::cli

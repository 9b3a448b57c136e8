#include "tools/cli/compare.h"

#include <algorithm>

#include "tools/cli/completions.h"

namespace retort::cli {
namespace {

/// Some bytes on both sides of `place`, widened to whole UTF-8 characters.
std::string Around(const std::string& text, size_t place) {
  size_t begin = place > 20 ? place - 20 : 0;
  size_t end = std::min(text.size(), place + 20);
  const auto inside = [&](size_t i) { return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80; };
  while (begin > 0 && inside(begin)) --begin;
  while (inside(end)) ++end;
  return text.substr(begin, end - begin);
}

}  // namespace

Result<Comparison> CompareCompletions(const std::string& left, const std::string& right, size_t keep) {
  RETORT_ASSIGN_OR_RETURN(Completions a, ReadCompletions(left));
  RETORT_ASSIGN_OR_RETURN(Completions b, ReadCompletions(right));
  Comparison result;
  for (auto& [id, texts] : a) {
    std::deque<std::string>& others = b[id];
    for (const std::string& text : texts) {
      if (others.empty()) {
        ++result.left_only;
        continue;
      }
      const std::string other = std::move(others.front());
      others.pop_front();
      ++result.records;
      if (text == other) {
        ++result.identical;
      } else if (result.differences.size() < keep) {
        const auto place = static_cast<size_t>(
            std::mismatch(text.begin(), text.end(), other.begin(), other.end()).first - text.begin());
        result.differences.push_back({id, place, Around(text, place), Around(other, place)});
      }
    }
  }
  for (const auto& [id, texts] : b) result.right_only += texts.size();
  return result;
}

}  // namespace retort::cli

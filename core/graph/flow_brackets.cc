#include "core/graph/flow_brackets.h"

#include <algorithm>

namespace retort {
namespace {

constexpr size_t kNone = std::string_view::npos;

/// Whether a quote or `#` at `i` can begin something there.
bool BeginsToken(std::string_view text, size_t i) {
  return i == 0 || std::string_view(" \t\n[{,:").find(text[i - 1]) != kNone;
}

}  // namespace

size_t QuotedEnd(std::string_view text, size_t begin) {
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote != '\'' || i + 1 >= text.size() || text[i + 1] != '\'') return i + 1;
      ++i;  // '' stands for one quote
    }
  }
  return text.size();
}

FlowBrackets::FlowBrackets(std::string_view text) : text_(text) {
  std::vector<size_t> open;  // indices into pairs_
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '"' || c == '\'') && BeginsToken(text, i)) {
      const size_t end = QuotedEnd(text, i), line = std::min(text.find('\n', i), text.size());
      const bool followed = end < text.size() && std::string_view(" \t\r\n,]}:").find(text[end]) == kNone;
      if (end > line || text[end - 1] != c || end == i + 1 || followed) {  // it costs its line
        if (!open_quote_) open_quote_ = i;
        i = line;
      } else {
        i = end - 1;
      }
    } else if (c == '#' && BeginsToken(text, i)) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '$' && text.substr(i, 2) == "${") {  // a variable, no map
      const size_t end = text.find_first_of("}\n", i);
      i = end != kNone && text[end] == '}' ? end : i + 1;
    } else if (c == '{' || c == '[') {
      if (open.empty() && !BeginsToken(text, i)) continue;
      open.push_back(pairs_.size());
      pairs_.push_back({i, text.size(), {}});
    } else if ((c == '}' || c == ']') && !open.empty()) {
      if ((text[pairs_[open.back()].open] == '{') != (c == '}')) continue;
      pairs_[open.back()].close = i;
      open.pop_back();
    } else if (c == ',' && !open.empty()) {
      pairs_[open.back()].commas.push_back(i);
    }
  }
}

const FlowBrackets::Pair* FlowBrackets::Around(size_t offset) const {
  const Pair* innermost = nullptr;
  for (const Pair& pair : pairs_) {
    if (pair.open >= offset) break;
    if (offset <= pair.close) innermost = &pair;
  }
  return innermost;
}

std::optional<size_t> FlowBrackets::CloseOf(size_t open) const {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const Pair& pair) { return pair.open == open; });
  if (found == pairs_.end() || found->close == text_.size()) return std::nullopt;
  return found->close;
}

std::vector<size_t> FlowBrackets::Unclosed() const {
  std::vector<size_t> open;
  for (const Pair& pair : pairs_) {
    if (pair.close == text_.size()) open.push_back(pair.open);
  }
  return open;
}

}  // namespace retort

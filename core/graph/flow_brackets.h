// Where the lists and maps in brackets of a YAML text begin and end, found without a parser, so that it also works in a
// text that has a fault.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace retort {

class FlowBrackets {
 public:
  explicit FlowBrackets(std::string_view text);

  struct Pair {
    size_t open = 0, close = 0;  // of the brackets; the text's size where there is no closing one
    std::vector<size_t> commas;  // between its own items
  };
  /// The innermost pair round a byte; null in block style.
  const Pair* Around(size_t offset) const;
  /// The closing bracket of the one that opens here.
  std::optional<size_t> CloseOf(size_t open) const;
  /// Brackets that nothing closes, in order.
  std::vector<size_t> Unclosed() const;
  /// The first quote that is not closed in its line, or closes where nothing can follow as it does.
  std::optional<size_t> OpenQuote() const { return open_quote_; }

 private:
  std::string_view text_;
  std::vector<Pair> pairs_;  // by `open`
  std::optional<size_t> open_quote_;
};

/// The byte after the quoted text that begins at `begin`; the text's size where its quote is missing.
size_t QuotedEnd(std::string_view text, size_t begin);

}  // namespace retort

#include "core/graph/yaml_syntax.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/graph/flow_brackets.h"

namespace retort {
namespace {

constexpr std::string_view kPrefix = "this is not YAML: ";

/// A tab among the spaces that begin a line.
std::optional<size_t> IndentingTab(std::string_view text, size_t end) {
  for (size_t line = 0; line < end;) {
    const size_t content = std::min(text.find_first_not_of(' ', line), text.size());
    if (content < text.size() && text[content] == '\t' &&
        text.find_first_not_of(" \t", content) != text.find_first_of("\r\n#", content))
      return content;
    const size_t next = text.find('\n', line);
    if (next == std::string_view::npos) break;
    line = next + 1;
  }
  return std::nullopt;
}

}  // namespace

SyntaxFault ExplainSyntax(const SourceText& source, size_t noticed, const std::string& why) {
  const std::string& text = source.text();
  const size_t line_end = std::min(text.find('\n', noticed), text.size());
  if (const auto tab = IndentingTab(text, line_end))
    return {source.At(*tab), std::string(kPrefix) + "a tab indents this line",
            "spaces: YAML knows no other indentation"};
  const FlowBrackets brackets(text);
  if (const auto quote = brackets.OpenQuote(); quote && *quote <= noticed) {
    const std::string sign(1, text[*quote]);
    return {source.At(*quote), std::string(kPrefix) + "the quote `" + sign + "` is not closed",
            "`" + sign + "` at its end"};
  }
  const std::vector<size_t> unclosed = brackets.Unclosed();
  if (unclosed.empty() || unclosed.front() > noticed) return {source.At(noticed), std::string(kPrefix) + why, ""};
  // The innermost of the first line that has one: brackets of later lines may only seem open.
  size_t bracket = unclosed.front();
  const size_t first_end = std::min(text.find('\n', bracket), text.size());
  for (const size_t open : unclosed) bracket = open < first_end ? open : bracket;
  const char close = text[bracket] == '{' ? '}' : ']';
  return {source.At(bracket), std::string(kPrefix) + "`" + text[bracket] + "` is not closed",
          std::string("`") + close + "`"};
}

}  // namespace retort

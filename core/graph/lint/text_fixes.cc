// Faults of the text: what is no YAML, bytes that are no text, more than one document.
#include <algorithm>

#include "core/graph/lint/fix_candidates.h"

namespace retort {
namespace {

constexpr size_t kNone = std::string::npos;

/// Tabs at the beginning of lines, and any in the line of the fault.
void AddTabs(const std::string& text, size_t offset, Fixes* fixes) {
  Fix indent{"indent with spaces", {}}, all{"write spaces for tabs", {}};
  const size_t line = LineStart(text, offset);
  bool leading = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\t') {
      if (leading) indent.edits.push_back({i, i + 1, "  "});
      if (leading || LineStart(text, i) == line) all.edits.push_back({i, i + 1, leading ? "  " : " "});
    }
    leading = text[i] == '\n' || (leading && (text[i] == ' ' || text[i] == '\t'));
  }
  if (!indent.edits.empty()) fixes->push_back(indent);
  if (!all.edits.empty()) fixes->push_back(all);
}

/// Missing ends of brackets and quotes at the ends of the lines that may miss them.
void AddMissingEnds(const SourceMap& map, size_t offset, Fixes* fixes) {
  const std::string& text = map.text();
  std::vector<size_t> begins = map.brackets().Unclosed();
  begins.push_back(offset);
  for (size_t before = LineStart(text, offset); before > 0 && begins.size() < 8;) {
    before = LineStart(text, before - 1);
    begins.push_back(before);
  }
  for (const size_t begin : begins) {
    size_t end = std::min(text.find('\n', begin), text.size());
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\r')) --end;
    for (const char* close : {" }", "]", "\"", "'", " } }", "\" }", "] }", "\"] }", "' }"})
      fixes->push_back({std::string("close with `") + (*close == ' ' ? close + 1 : close) + "`", {{end, end, close}}});
    // A quote that ends before the next comma or bracket.
    const size_t quote = text.find_first_of("\"'", begin);
    if (quote == kNone || quote >= end) continue;
    for (size_t at = text.find_first_of(",}]", quote); at < end; at = text.find_first_of(",}]", at + 1)) {
      size_t word = at;
      while (word > quote && text[word - 1] == ' ') --word;
      fixes->push_back({std::string("close with `") + text[quote] + "`", {{word, word, std::string(1, text[quote])}}});
    }
  }
}

void AddSpacing(const std::string& text, size_t offset, Fixes* fixes) {
  const size_t line = LineStart(text, offset), end = std::min(text.find('\n', line), text.size());
  for (const size_t at : {line, LineStart(text, line == 0 ? 0 : line - 1)}) {
    const size_t stop = at == line ? end : line;
    for (size_t colon = text.find(':', at); colon < stop; colon = text.find(':', colon + 1)) {
      if (colon + 1 < stop && text[colon + 1] != ' ' && text[colon + 1] != '\n')
        fixes->push_back({"write a space after `:`", {{colon + 1, colon + 1, " "}}});
    }
  }
  const size_t indent = std::min(text.find_first_not_of(' ', line), end);
  for (size_t other = line, tries = 0; other > 0 && tries < 4; ++tries) {
    other = LineStart(text, other - 1);
    const size_t spaces = std::min(text.find_first_not_of(' ', other), text.size()) - other;
    fixes->push_back({"indent as the lines before", {{line, indent, std::string(spaces, ' ')}}});
  }
  // A map's key without its colon, in a line of its own.
  size_t word = end;
  while (word > indent && (text[word - 1] == ' ' || text[word - 1] == '\r')) --word;
  fixes->push_back({"write `:` after the key", {{word, word, ":"}}});
  const size_t space = text.find(' ', indent);
  if (space < end) fixes->push_back({"write `:` after the key", {{space, space, ":"}}});
}

/// What begins with a sign that YAML keeps for itself.
void AddQuotes(const SourceMap& map, size_t offset, Fixes* fixes) {
  const std::string& text = map.text();
  const size_t line = LineStart(text, offset), end = std::min(text.find('\n', line), text.size());
  for (size_t at = text.find_first_of("*&@`%!|>", line); at < end; at = text.find_first_of("*&@`%!|>", at + 1)) {
    const size_t stop = map.brackets().Around(at) != nullptr ? text.find_first_of(",}]\n", at) : end;
    size_t word = std::min(stop, text.size());
    while (word > at && (text[word - 1] == ' ' || text[word - 1] == '\r')) --word;
    fixes->push_back({"put it in quotes", {{at, at, "\""}, {word, word, "\""}}});
  }
}

void AddLastResort(const std::string& text, size_t offset, Fixes* fixes) {
  if (offset < text.size() && text[offset] != '\n')
    fixes->push_back({std::string("take out `") + text[offset] + "`", {{offset, offset + 1, ""}}});
  const size_t line = LineStart(text, offset), end = std::min(text.find('\n', line), text.size());
  for (size_t at = text.find_first_of("}]{[\"',", line); at < end; at = text.find_first_of("}]{[\"',", at + 1))
    fixes->push_back({std::string("take out `") + text[at] + "`", {{at, at + 1, ""}}});
  for (size_t at = text.find(' ', line); at < end; at = text.find(' ', at + 1))
    if (at > line && text[at - 1] != ' ' && text[at - 1] != ',')
      fixes->push_back({"write `,` between entries", {{at, at, ","}}});
}

}  // namespace

void AddTextFixes(const Diagnostic& fault, const FixContext& context, Fixes* fixes) {
  const std::string& text = context.map.text();
  const size_t offset = context.map.OffsetOf(fault.place);
  if (fault.rule == Rule::kSyntax) {
    AddTabs(text, offset, fixes);
    AddMissingEnds(context.map, offset, fixes);
    AddQuotes(context.map, offset, fixes);
    AddSpacing(text, offset, fixes);
    AddLastResort(text, offset, fixes);
  } else if (fault.rule == Rule::kEncoding) {
    fixes->push_back({"take the byte out", {{offset, offset + 1, ""}}});
  } else if (fault.rule == Rule::kSecondDocument) {
    const size_t mark = text.rfind("\n---", offset);
    if (mark != kNone) fixes->push_back({"leave out the second document", {{mark + 1, text.size(), ""}}});
    if (mark != kNone)
      fixes->push_back({"make them one document", {{mark + 1, std::min(text.find('\n', mark + 1), text.size()), ""}}});
  }
}

}  // namespace retort

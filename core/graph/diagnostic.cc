#include "core/graph/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace retort {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kBlock = 1024;           // bytes between the counts that SourceText keeps
constexpr size_t kShownCharacters = 100;  // of a line, around the caret

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::vector<std::string> Characters(std::string_view line) {
  std::vector<std::string> characters;
  for (const char c : line) {
    if (characters.empty() || StartsCharacter(c)) characters.emplace_back();
    characters.back() += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return characters;
}

void AppendLineWithCaret(std::string_view line, Place place, std::string& out) {
  const std::vector<std::string> characters = Characters(line);
  const size_t caret = static_cast<size_t>(place.column - 1);
  const size_t begin = caret > kShownCharacters * 2 / 3 ? caret - kShownCharacters * 2 / 3 : 0;
  const size_t end = std::min(characters.size(), begin + kShownCharacters);
  const std::string number = std::to_string(place.line);
  out.append("  ").append(number).append(" | ");
  for (size_t i = begin; i < end; ++i) out += characters[i];
  out.append("\n  ").append(number.size(), ' ').append(" | ").append(caret - begin, ' ').append("^\n");
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kNote: return "note";
  }
  return "";
}

SourceText::SourceText(std::string file, std::string text, int number)
    : file_(std::move(file)), text_(std::move(text)), number_(number) {
  if (text_.starts_with(kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
  lines_.push_back(0);
  size_t characters = 0;
  for (size_t i = 0; i < text_.size(); ++i) {
    if (i % kBlock == 0) characters_.push_back(characters);
    characters += StartsCharacter(text_[i]) ? 1 : 0;
    if (text_[i] == '\n') lines_.push_back(i + 1);
  }
  characters_.push_back(characters);
}

const SourceText& SourceText::Include(std::string file, std::string text) {
  const int number = static_cast<int>(included_.size()) + 1;
  included_.push_back(std::make_shared<const SourceText>(std::move(file), std::move(text), number));
  return *included_.back();
}

const SourceText& SourceText::Of(Place place) const {
  const auto index = static_cast<size_t>(place.file);
  return place.file > 0 && index <= included_.size() ? *included_[index - 1] : *this;
}

size_t SourceText::LineOffset(int line) const {
  if (line < 1) return 0;
  return static_cast<size_t>(line) <= lines_.size() ? lines_[static_cast<size_t>(line) - 1] : text_.size();
}

std::string_view SourceText::Line(int line) const {
  if (line < 1) return {};
  const size_t begin = LineOffset(line);
  std::string_view rest = std::string_view(text_).substr(begin);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

Place SourceText::At(size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const auto line = static_cast<size_t>(after - lines_.begin());
  return {static_cast<int>(line), static_cast<int>(CharactersBefore(offset) - CharactersBefore(lines_[line - 1])) + 1,
          number_};
}

size_t SourceText::OffsetOf(Place place) const {
  size_t offset = LineOffset(place.line);
  const size_t end = offset + Line(place.line).size();
  for (int column = 1; column < place.column && offset < end; ++column) {
    do ++offset;
    while (offset < end && !StartsCharacter(text_[offset]));
  }
  return offset;
}

size_t SourceText::CharactersBefore(size_t offset) const {
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(offset / kBlock * kBlock);
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
  return characters_[offset / kBlock] + static_cast<size_t>(std::count_if(begin, end, StartsCharacter));
}

std::string SuggestionText(const Diagnostic& d) {
  return d.severity == Severity::kNote ? "better: `" + d.suggestion + "`" : "did you mean `" + d.suggestion + "`?";
}

void Diagnostics::Error(Rule rule, Place place, std::string message, std::string expected, std::string suggestion) {
  Add(Severity::kError, rule, place, std::move(message), std::move(expected), std::move(suggestion));
}

void Diagnostics::Warning(Rule rule, Place place, std::string message, std::string expected, std::string suggestion) {
  Add(Severity::kWarning, rule, place, std::move(message), std::move(expected), std::move(suggestion));
}

void Diagnostics::Note(Rule rule, Place place, std::string message, std::string expected, std::string suggestion) {
  Add(Severity::kNote, rule, place, std::move(message), std::move(expected), std::move(suggestion));
}

void Diagnostics::Add(Severity severity, Rule rule, Place place, std::string message, std::string expected,
                      std::string suggestion) {
  const auto same = [&](const Diagnostic& d) { return d.place == place && d.message == message; };
  if (std::any_of(list_.begin(), list_.end(), same)) return;
  const bool note = severity == Severity::kNote;
  if (note && notes_ == kMaxNotes) return;
  if (!note && list_.size() - notes_ == kMaxDiagnostics) {
    ++left_out_;
    return;
  }
  notes_ += note ? 1 : 0;
  const std::string& file = files_[std::min(static_cast<size_t>(place.file), files_.size() - 1)];
  list_.push_back({severity, rule, file, place, std::move(message), std::move(expected), std::move(suggestion)});
}

bool Diagnostics::HasErrors() const {
  return std::any_of(list_.begin(), list_.end(), [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

std::vector<Diagnostic> Diagnostics::Sorted() const {
  std::vector<Diagnostic> sorted = list_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) < std::tie(b.place.file, b.place.line, b.place.column);
  });
  if (left_out_ > 0)
    sorted.push_back({Severity::kError,
                      Rule::kTooLarge,
                      files_.front(),
                      {},
                      std::to_string(left_out_) + " more faults are not listed",
                      "",
                      ""});
  return sorted;
}

std::string RenderText(const std::vector<Diagnostic>& diagnostics, const SourceText& source) {
  std::string out;
  for (const Diagnostic& d : diagnostics) {
    out += d.file;
    if (d.place.line > 0)
      out.append(":").append(std::to_string(d.place.line)).append(":").append(std::to_string(d.place.column));
    out.append(": ").append(SeverityName(d.severity)).append(": ").append(d.message).append("\n");
    if (d.place.line > 0) AppendLineWithCaret(source.Of(d.place).Line(d.place.line), d.place, out);
    if (!d.expected.empty()) out.append("  expected: ").append(d.expected).append("\n");
    if (!d.suggestion.empty()) out.append("  ").append(SuggestionText(d)).append("\n");
  }
  return out;
}

}  // namespace retort

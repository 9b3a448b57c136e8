// What is wrong with a pipeline file, and where; printed for people and for programs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/rule.h"

namespace retort {

/// A place in a pipeline file. Lines and columns count from 1, columns in characters. Line 0: no place in the file
/// (a value given on the command line).
struct Place {
  int line = 0;
  int column = 0;
  int file = 0;  // 0: the pipeline's own; else one that it includes, SourceText::Of
  bool operator==(const Place&) const = default;
};

/// From the worst on.
enum class Severity { kError, kWarning, kNote };
/// "error", "warning", "note".
std::string_view SeverityName(Severity severity);

struct Diagnostic {
  Severity severity = Severity::kError;
  Rule rule = Rule::kSyntax;
  std::string file;
  Place place;
  std::string message;     // names the thing and what came
  std::string expected;    // what may stand there; may be empty
  std::string suggestion;  // the nearest right text; may be empty
};

/// "did you mean `cpu`?"; of a note "better: `cpu`".
std::string SuggestionText(const Diagnostic& d);

/// The text of one file with what is needed to point into it, and the texts of the files that it includes.
class SourceText {
 public:
  /// `file` is the name in diagnostics. A byte-order mark is left out. `number`: of its places.
  SourceText(std::string file, std::string text, int number = 0);
  /// Keep the text of a file that this one includes; it has the next number.
  const SourceText& Include(std::string file, std::string text);
  /// The file of a place: this one, or one of those included.
  const SourceText& Of(Place place) const;
  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }
  /// Byte offset of the start of `line` (from 1); the text's length beyond the last line.
  size_t LineOffset(int line) const;
  /// The line without its end.
  std::string_view Line(int line) const;
  /// The place of a byte.
  Place At(size_t offset) const;
  /// The byte at a place; that of the line's end beyond it.
  size_t OffsetOf(Place place) const;

 private:
  size_t CharactersBefore(size_t offset) const;

  std::string file_, text_;
  int number_ = 0;
  std::vector<std::shared_ptr<const SourceText>> included_;
  std::vector<size_t> lines_;       // byte offset of each line's start
  std::vector<size_t> characters_;  // before each block of bytes, so that long lines cost little
};

inline constexpr size_t kMaxDiagnostics = 1000;  // faults of one file; what comes after is only counted
inline constexpr size_t kMaxNotes = 200;         // beside these; further ones are left out

/// All faults of one file, in the order of their places.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : files_{std::move(file)} {}
  /// Faults may be found in this file too, by the next number of a place.
  void AddFile(std::string file) { files_.push_back(std::move(file)); }
  void Error(Rule rule, Place place, std::string message, std::string expected = {}, std::string suggestion = {});
  void Warning(Rule rule, Place place, std::string message, std::string expected = {}, std::string suggestion = {});
  void Note(Rule rule, Place place, std::string message, std::string expected = {}, std::string suggestion = {});
  bool HasErrors() const;
  /// Sorted by place; equal places stay in the order they were found. A fault found twice is listed once.
  std::vector<Diagnostic> Sorted() const;

 private:
  void Add(Severity severity, Rule rule, Place place, std::string message, std::string expected,
           std::string suggestion);
  std::vector<std::string> files_;
  std::vector<Diagnostic> list_;
  size_t notes_ = 0;  // of them
  size_t left_out_ = 0;
};

/// `file:line:column: error: message`, then the line with a caret, `expected:` and `did you mean`.
std::string RenderText(const std::vector<Diagnostic>& diagnostics, const SourceText& source);

}  // namespace retort

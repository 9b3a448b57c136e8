// What lint found, printed for people, programs, code hosts and editors.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/graph/diagnostic.h"
#include "core/graph/lint/fix.h"

namespace retort {

struct LintFinding {
  Diagnostic diagnostic;
  std::optional<Fix> fix;  // where one is known
};

struct LintedFile {
  SourceText source;
  std::vector<LintFinding> findings;
};

/// As RenderText, with a line for each fix.
std::string LintText(const LintedFile& file);
/// A JSON list of {severity, rule, file, line, column, message, expected, suggestion, fix}; `fix` is null or {title,
/// edits: [{line, column, end_line, end_column, text}]}, the end being the place behind the last character.
std::string LintJson(std::span<const LintedFile> files);
/// SARIF 2.1.0, one run, with all rules and fixes. Columns count Unicode characters.
std::string LintSarif(std::span<const LintedFile> files);
/// Workflow commands of GitHub Actions: `::error file=...,line=...,col=...,title=RULE::MESSAGE`.
std::string LintGithub(std::span<const LintedFile> files);

}  // namespace retort

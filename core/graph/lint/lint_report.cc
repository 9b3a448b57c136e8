#include "core/graph/lint/lint_report.h"

#include <nlohmann/json.hpp>

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json FixJson(const LintFinding& finding, const SourceText& source) {
  if (!finding.fix) return nullptr;
  Json edits = Json::array();
  for (const Edit& edit : finding.fix->edits) {
    const Place begin = source.At(edit.begin), end = source.At(edit.end);
    edits.push_back({{"line", begin.line},
                     {"column", begin.column},
                     {"end_line", end.line},
                     {"end_column", end.column},
                     {"text", edit.text}});
  }
  return {{"title", finding.fix->title}, {"edits", std::move(edits)}};
}

std::string FullMessage(const Diagnostic& d) {
  std::string text = d.message;
  if (!d.expected.empty()) text += "; expected: " + d.expected;
  if (!d.suggestion.empty()) text += "; " + SuggestionText(d);
  return text;
}

Json Region(Place begin, Place end) {
  return {{"startLine", begin.line}, {"startColumn", begin.column}, {"endLine", end.line}, {"endColumn", end.column}};
}

Json SarifFix(const Fix& fix, const SourceText& source) {
  Json replacements = Json::array();
  for (const Edit& edit : fix.edits) {
    replacements.push_back({{"deletedRegion", Region(source.At(edit.begin), source.At(edit.end))},
                            {"insertedContent", {{"text", edit.text}}}});
  }
  Json change = {{"artifactLocation", {{"uri", source.file()}}}, {"replacements", std::move(replacements)}};
  return {{"description", {{"text", fix.title}}}, {"artifactChanges", Json::array({std::move(change)})}};
}

Json SarifResult(const LintFinding& finding, const SourceText& source) {
  const Diagnostic& d = finding.diagnostic;
  Json location = {{"artifactLocation", {{"uri", d.file}}}};
  if (d.place.line > 0) location["region"] = {{"startLine", d.place.line}, {"startColumn", d.place.column}};
  Json result = {{"ruleId", RuleId(d.rule)},
                 {"ruleIndex", static_cast<size_t>(d.rule)},
                 {"level", SeverityName(d.severity)},
                 {"message", {{"text", FullMessage(d)}}},
                 {"locations", Json::array({{{"physicalLocation", std::move(location)}}})}};
  if (finding.fix) result["fixes"] = Json::array({SarifFix(*finding.fix, source)});
  return result;
}

/// `%`, line breaks, and in properties `:` and `,` are written as bytes in hexadecimal.
std::string GithubText(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string LintText(const LintedFile& file) {
  std::string out;
  for (const LintFinding& finding : file.findings) {
    const Diagnostic& d = finding.diagnostic;
    out += RenderText({d}, file.source);
    const bool said = !d.suggestion.empty() && finding.fix && finding.fix->title == "write `" + d.suggestion + "`";
    if (finding.fix && !said) out += "  fix: " + finding.fix->title + "\n";
  }
  return out;
}

std::string LintJson(std::span<const LintedFile> files) {
  Json list = Json::array();
  for (const LintedFile& file : files) {
    for (const LintFinding& finding : file.findings) {
      const Diagnostic& d = finding.diagnostic;
      list.push_back({{"severity", SeverityName(d.severity)},
                      {"rule", RuleId(d.rule)},
                      {"file", d.file},
                      {"line", d.place.line},
                      {"column", d.place.column},
                      {"message", d.message},
                      {"expected", d.expected},
                      {"suggestion", d.suggestion},
                      {"fix", FixJson(finding, file.source)}});
    }
  }
  return Dump(list);
}

std::string LintSarif(std::span<const LintedFile> files) {
  Json rules = Json::array(), results = Json::array();
  for (const RuleText& rule : AllRules())
    rules.push_back({{"id", rule.id}, {"shortDescription", {{"text", rule.text}}}});
  for (const LintedFile& file : files) {
    for (const LintFinding& finding : file.findings) results.push_back(SarifResult(finding, file.source));
  }
  Json run = {{"tool", {{"driver", {{"name", "retort lint"}, {"rules", std::move(rules)}}}}},
              {"columnKind", "unicodeCodePoints"},
              {"results", std::move(results)}};
  return Dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", Json::array({std::move(run)})}});
}

std::string LintGithub(std::span<const LintedFile> files) {
  std::string out;
  for (const LintedFile& file : files) {
    for (const LintFinding& finding : file.findings) {
      const Diagnostic& d = finding.diagnostic;
      const bool note = d.severity == Severity::kNote;  // the code host has its own word for it
      out += "::" + std::string(note ? "notice" : SeverityName(d.severity)) + " file=" + GithubText(d.file, true);
      if (d.place.line > 0) out += ",line=" + std::to_string(d.place.line) + ",col=" + std::to_string(d.place.column);
      out += ",title=" + std::string(RuleId(d.rule)) + "::" + GithubText(FullMessage(d), false) + "\n";
    }
  }
  return out;
}

}  // namespace retort

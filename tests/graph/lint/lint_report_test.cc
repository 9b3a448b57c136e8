#include "core/graph/lint/lint_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/graph/lint/fixer.h"
#include "core/graph/lint/markdown_pipelines.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

using Json = nlohmann::json;

LintedFile Lint(const std::string& text) {
  const Registry registry = testing::MakeSampleRegistry();
  LoadOptions options;
  options.allow_unset_variables = true;
  const LoadedPipeline loaded = LoadPipeline(SourceText("p.yaml", text), registry, options);
  LintedFile file{loaded.source, {}};
  for (const Diagnostic& d : loaded.diagnostics) file.findings.push_back({d, Fixer(registry, options).Find(loaded, d)});
  return file;
}

constexpr const char* kFaulty =
    "retort: 3\nstages:\n  ré: { uses: read-jsnol, with: { path: a } }\n  w: { uses: write-jsonl, with: { path: b } }\n"
    "edges: [ ré -> w ]\n";

TEST(LintJson, HoldsEveryMember) {
  const LintedFile file = Lint(kFaulty);
  const Json json = Json::parse(LintJson({&file, 1}));
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["severity"], "error");
  EXPECT_EQ(json[0]["rule"], "wrong-version");
  EXPECT_EQ(json[0]["file"], "p.yaml");
  EXPECT_EQ(json[0]["line"], 1);
  EXPECT_EQ(json[0]["column"], 9);
  EXPECT_EQ(json[0]["expected"], "`retort: 1`");
  EXPECT_EQ(json[0]["suggestion"], "");
  EXPECT_EQ(json[0]["fix"]["edits"][0],
            Json({{"line", 1}, {"column", 9}, {"end_line", 1}, {"end_column", 10}, {"text", "1"}}));
  EXPECT_EQ(json[1]["fix"]["edits"][0],
            Json({{"line", 3}, {"column", 15}, {"end_line", 3}, {"end_column", 25}, {"text", "read-jsonl"}}));
}

TEST(LintSarif, NamesRulesPlacesAndFixes) {
  const LintedFile file = Lint(kFaulty);
  const Json sarif = Json::parse(LintSarif({&file, 1}));
  EXPECT_EQ(sarif["version"], "2.1.0");
  const Json& run = sarif["runs"][0];
  ASSERT_EQ(run["results"].size(), 2u);
  const Json& result = run["results"][1];
  EXPECT_EQ(result["ruleId"], "unknown-stage");
  EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()]["id"], "unknown-stage");
  EXPECT_EQ(result["level"], "error");
  const Json& region = result["locations"][0]["physicalLocation"]["region"];
  EXPECT_EQ(region["startLine"], 3);
  EXPECT_EQ(region["startColumn"], 15);
  const Json& replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0];
  EXPECT_EQ(replacement["insertedContent"]["text"], "read-jsonl");
  EXPECT_EQ(replacement["deletedRegion"]["endColumn"], 25);
}

TEST(LintGithub, EscapesWhatItMust) {
  LintedFile file{SourceText("a,b:c.yaml", "x"), {}};
  file.findings.push_back({{Severity::kWarning, Rule::kUnknownKey, "a,b:c.yaml", {2, 3}, "50 %\nof it", "", ""}, {}});
  EXPECT_EQ(LintGithub({&file, 1}), "::warning file=a%2Cb%3Ac.yaml,line=2,col=3,title=unknown-key::50 %25%0Aof it\n");
}

TEST(Diagnostics, ManyNotesTakeNoFaultsPlace) {
  Diagnostics diagnostics("a.yaml");
  for (int line = 1; line <= 2000; ++line) diagnostics.Note(Rule::kAdvice, {line, 1}, "note");
  EXPECT_FALSE(diagnostics.HasErrors());
  EXPECT_EQ(diagnostics.Sorted().size(), kMaxNotes);
  for (int line = 1; line <= 1005; ++line) diagnostics.Error(Rule::kUnknownKey, {line, 2}, "error");
  const std::vector<Diagnostic> sorted = diagnostics.Sorted();
  EXPECT_EQ(sorted.size(), kMaxNotes + kMaxDiagnostics + 1);
  EXPECT_EQ(sorted.back().message, "5 more faults are not listed");
}

TEST(LintReports, TellNotesFromWarnings) {
  LintedFile file{SourceText("a.yaml", "a\n"), {}};
  file.findings.push_back({{Severity::kNote, Rule::kAdvice, "a.yaml", {1, 1}, "it is so", "", ""}, {}});
  EXPECT_EQ(LintGithub({&file, 1}), "::notice file=a.yaml,line=1,col=1,title=advice::it is so\n");
  EXPECT_NE(LintText(file).find("a.yaml:1:1: note: it is so"), std::string::npos) << LintText(file);
  EXPECT_NE(LintSarif({&file, 1}).find(R"("level": "note")"), std::string::npos) << LintSarif({&file, 1});
  EXPECT_NE(LintJson({&file, 1}).find(R"("severity": "note")"), std::string::npos) << LintJson({&file, 1});
}

TEST(LintText, SaysWhatAFixDoes) {
  const std::string text = LintText(Lint(kFaulty));
  EXPECT_NE(text.find("  fix: write `1`\n"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean `read-jsonl`?"), std::string::npos) << text;
  EXPECT_EQ(text.find("fix: write `read-jsonl`"), std::string::npos) << "said twice:\n" << text;
}

TEST(Rules, HaveNamesOfTheirOwn) {
  std::set<std::string_view> ids;
  for (const RuleText& rule : AllRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(rule.text.ends_with('.')) << rule.text;
    EXPECT_EQ(RuleId(rule.rule), rule.id);
  }
}

TEST(MarkdownPipelines, AreFoundWithTheirPlaces) {
  const SourceText markdown(
      "x.md",
      "# Ä\n```yaml\nretort: 1\nname: a\n```\n```yaml\nother: 1\n```\n~~~yml\n# b\nretort: 2\n~~~\n"
      "```sh\nretort: run\n```\n```yaml\nretort: 3\n");
  const std::vector<SourceText> found = FindMarkdownPipelines(markdown);
  ASSERT_EQ(found.size(), 2u);  // the last block is not closed
  EXPECT_EQ(found[0].text().size(), markdown.text().size());
  EXPECT_EQ(found[0].Line(3), "retort: 1");
  EXPECT_EQ(found[1].Line(11), "retort: 2");
  EXPECT_EQ(found[1].Line(3).find_first_not_of(' '), std::string_view::npos);
}

}  // namespace
}  // namespace retort

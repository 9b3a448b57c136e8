#include "core/graph/variables.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/graph/pipeline.h"
#include "tests/graph/sample_stages.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

/// A pipeline whose read stage has the path `path` (YAML) and whose variables are `variables` (YAML flow map).
LoadedPipeline Load(const std::string& variables, const std::string& path, LoadOptions options = {}) {
  static const Registry registry = testing::MakeSampleRegistry();
  return LoadPipeline(
      SourceText("test.yaml",
                 "retort: 1\nvariables: " + variables + "\nstages:\n  read: { uses: read-jsonl, with: { path: " + path +
                     " } }\n  write: { uses: write-jsonl, with: { path: o } }\nedges:\n  - read -> write\n"),
      registry, options);
}

std::string PathOf(const LoadedPipeline& loaded) {
  EXPECT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  return std::get<std::string>(loaded.description.FindStage("read")->values.at("path"));
}

TEST(Variables, StandInsideText) { EXPECT_EQ(PathOf(Load("{ a: x, b: y }", "\"1${a}2${b}3${a}\"")), "1x2y3x"); }

TEST(Variables, MayNameEachOther) {
  EXPECT_EQ(PathOf(Load("{ a: \"${b}/in\", b: \"${c}\", c: root }", "\"${a}.jsonl\"")), "root/in.jsonl");
}

TEST(Variables, AreOverriddenLiterally) {
  LoadOptions options;
  options.variables["a"] = "${b} $${c} [1, {x: y}] # no comment";
  EXPECT_EQ(PathOf(Load("{ a: x, b: y }", "\"${a}${b}\"", options)), "${b} $${c} [1, {x: y}] # no commenty");
}

TEST(Variables, AreNotReadFromKeysOrStructure) {
  LoadOptions options;
  options.variables["a"] = "in.jsonl }, uses: other";
  EXPECT_EQ(PathOf(Load("{ a: x }", "\"${a}\"", options)), "in.jsonl }, uses: other");
}

TEST(Variables, EscapeKeepsTheText) {
  EXPECT_EQ(PathOf(Load("{}", "\"$${a} $$ $x ${ENV:RETORT_UNSET:-}\"")), "${a} $$ $x ");
}

TEST(Variables, DefaultServesWhereNothingWasGiven) {
  EXPECT_EQ(PathOf(Load("{ a: null }", "\"${a:-in.jsonl}\"")), "in.jsonl");
  EXPECT_EQ(PathOf(Load("{ a: \"\" }", "\"${a:-in.jsonl}\"")), "in.jsonl");
  EXPECT_EQ(PathOf(Load("{ a: given }", "\"${a:-in.jsonl}\"")), "given");
  EXPECT_EQ(PathOf(Load("{}", "\"${undeclared:-in.jsonl}\"")), "in.jsonl");
}

TEST(Variables, ComeFromTheEnvironment) {
  ASSERT_EQ(setenv("RETORT_TEST_FOLDER", "folder", 1), 0);
  ASSERT_EQ(setenv("RETORT_TEST_EMPTY", "", 1), 0);
  EXPECT_EQ(PathOf(Load("{}", "\"${ENV:RETORT_TEST_FOLDER}/a${ENV:RETORT_TEST_EMPTY}\"")), "folder/a");
  EXPECT_EQ(PathOf(Load("{}", "\"${ENV:RETORT_TEST_EMPTY:-b}\"")), "b");
}

TEST(Variables, MayBeGivenWithoutDeclaration) {
  LoadOptions options;
  options.variables["input"] = "in.jsonl";
  EXPECT_EQ(PathOf(Load("{}", "\"${input}\"", options)), "in.jsonl");
}

TEST(Variables, UnknownOverrideIsAnErrorWithTheNearestName) {
  LoadOptions options;
  options.variables["imput"] = "in.jsonl";
  const LoadedPipeline loaded = Load("{ input: a }", "\"${input}\"", options);
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.diagnostics[0].place, Place{});
  EXPECT_EQ(loaded.diagnostics[0].suggestion, "input");
}

TEST(Variables, WithoutValueAreAWarningForLint) {
  LoadOptions options;
  options.allow_unset_variables = true;
  const LoadedPipeline loaded = Load("{ input: }", "\"${input}\"", options);
  EXPECT_TRUE(loaded.ok());
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].severity, Severity::kWarning);
  EXPECT_EQ(loaded.diagnostics[0].place, (Place{2, 14}));
}

TEST(Variables, TakeTheTypeThatIsNeeded) {
  static const Registry registry = testing::MakeSampleRegistry();
  LoadOptions options;
  options.variables["temperature"] = "0.25";
  const LoadedPipeline loaded = LoadPipeline(SourceText("test.yaml", R"(retort: 1
variables: { temperature: 0, seed: "7", stop: END, eos: "true", tokens: "1" }
engine: { seed: "${seed}", credits: "${tokens}0" }
models: { m: { source: x } }
stages:
  read: { uses: read-jsonl, with: { path: in } }
  prompt: { uses: prompt, with: { model: m } }
  draft: { uses: draft, with: { max_tokens: "${tokens}2" } }
  verify: { uses: verify, with: { model: m, temperature: "${temperature}", stop: "${stop}", ignore_eos: "${eos}" } }
  write: { uses: write-jsonl, with: { path: out } }
edges:
  - read -> prompt
  - prompt -> draft
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)"),
                                             registry, options);
  ASSERT_TRUE(loaded.ok()) << RenderText(loaded.diagnostics, loaded.source);
  const auto& verify = loaded.description.FindStage("verify")->values;
  EXPECT_EQ(verify.at("temperature"), OptionValue(0.25));
  EXPECT_EQ(verify.at("ignore_eos"), OptionValue(true));
  EXPECT_EQ(verify.at("stop"), OptionValue(std::vector<std::string>{"END"}));
  EXPECT_EQ(loaded.description.FindStage("draft")->values.at("max_tokens"), OptionValue(int64_t{12}));
  EXPECT_EQ(loaded.description.engine.seed, 7u);
  EXPECT_EQ(loaded.description.engine.credits, 10u);
}

TEST(Secrets, ComeFromTheEnvironmentOrAFile) {
  setenv("RETORT_TEST_SECRET", "open sesame", 1);
  EXPECT_EQ(PathOf(Load("{}", "\"a/${SECRET:RETORT_TEST_SECRET}\"")), "a/open sesame");
  unsetenv("RETORT_TEST_SECRET");
  const testing::TemporaryFolder folder;
  folder.Write("key", "from a file\n");
  setenv("RETORT_TEST_SECRET_FILE", (folder.path() + "/key").c_str(), 1);
  EXPECT_EQ(PathOf(Load("{}", "\"${SECRET:RETORT_TEST_SECRET}\"")), "from a file");
  setenv("RETORT_TEST_SECRET_FILE", (folder.path() + "/none").c_str(), 1);
  EXPECT_EQ(Load("{}", "\"${SECRET:RETORT_TEST_SECRET}\"").diagnostics.at(0).rule, Rule::kMissingSecret);
  setenv("RETORT_TEST_SECRET_FILE", folder.path().c_str(), 1);  // a folder: once an exception of the stream
  EXPECT_NE(Load("{}", "\"${SECRET:RETORT_TEST_SECRET}\"").diagnostics.at(0).message.find("Is a directory"),
            std::string::npos);
  unsetenv("RETORT_TEST_SECRET_FILE");
}

TEST(Secrets, AreNotAmongTheVariablesThatAreShown) {
  setenv("RETORT_TEST_SECRET", "open sesame", 1);
  const LoadedPipeline loaded = Load("{ key: \"x${SECRET:RETORT_TEST_SECRET}\", path: \"${key}/y\" }", "\"${path}\"");
  unsetenv("RETORT_TEST_SECRET");
  EXPECT_EQ(PathOf(loaded), "xopen sesame/y");
  EXPECT_EQ(loaded.description.variables.at("key"), "(secret)");
  EXPECT_EQ(loaded.description.variables.at("path"), "(secret)");
}

TEST(Secrets, MissingOnesAreRefusedButLintOnlyWarns) {
  const LoadedPipeline refused = Load("{}", "\"${SECRET:RETORT_TEST_NOTHING}\"");
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(refused.diagnostics.at(0).place, (Place{4, 44}));
  LoadOptions options;
  options.allow_unset_variables = true;
  EXPECT_TRUE(Load("{}", "\"${SECRET:RETORT_TEST_NOTHING}\"", options).ok());
  setenv("RETORT_TEST_SECRET", "short", 1);
  EXPECT_FALSE(Load("{}", "\"${SECRET:RETORT_TEST_SECRET}\"").ok());
  unsetenv("RETORT_TEST_SECRET");
}

}  // namespace
}  // namespace retort

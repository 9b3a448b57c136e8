// The pipelines with a drafting model, by the built binary: texts, and what lint says of kinds that do not go together.
#include <gtest/gtest.h>

#include "core/model/model.h"
#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"
#include "tests/support/other_tokens.h"

namespace retort::testing {
namespace {

struct Way {
  const char* pipeline;
  Variables variables;
};
const std::vector<Way>& Ways() {
  static const std::vector<Way> ways = {
      {"speculative-model", {{"drafting", "argmax"}}},
      // Batches smaller than what is in flight: the next one is drafted while one is verified.
      {"speculative-model", {{"drafting", "argmax"}, {"batch", "4"}}},
      {"speculative-model", {{"drafting", "coupled"}, {"draft_tokens", "7"}}},
      {"speculative-model", {{"drafting", "argmax"}, {"draft_by", "prompt-lookup"}, {"draft_tokens", "6"}}},
      {"speculative-model", {{"drafting", "coupled"}, {"draft_by", "ngram"}, {"min_confidence", "0.1"}}},
      {"speculative-model", {{"drafting", "sampled"}}},
      {"speculative-tree", {{"drafting", "argmax"}}},
      {"speculative-tree", {{"drafting", "argmax"}, {"branches", "4"}, {"nodes", "24"}}},
      {"speculative-tree", {{"drafting", "sampled"}}}};
  return ways;
}

void ExpectSameTexts(PipelineFolder& folder, const Variables& variables, size_t records,
                     const std::vector<std::string>& temperatures, const std::vector<std::string>& more) {
  for (const std::string& temperature : temperatures) {
    Variables all = variables;
    all["temperature"] = temperature;
    const PipelineRun plain = folder.Run("generate", all, more);
    ASSERT_EQ(plain.finished.exit_code, 0) << plain.finished.err;
    ASSERT_EQ(plain.written.size(), records);
    for (const Way& way : Ways()) {
      if (temperature != "0" && way.variables.at("drafting") == "sampled")
        continue;  // its law is the same, not its text
      SCOPED_TRACE(std::string(way.pipeline) + ", " + way.variables.at("drafting") + ", temperature " + temperature);
      Variables drafting = all;
      drafting.insert(way.variables.begin(), way.variables.end());
      drafting["length"] = "fixed";
      const PipelineRun drafted = folder.Run(way.pipeline, drafting, more);
      ASSERT_EQ(drafted.finished.exit_code, 0) << drafted.finished.err;
      EXPECT_EQ(Completions(drafted), Completions(plain));
      const Json& counters = drafted.summary["stages"]["verify"]["counters"];
      EXPECT_GT(counters["accepted_tokens"].get<int>(), 0) << counters;
      EXPECT_GE(counters["draft_tokens"].get<int>(), counters["drafts"].get<int>()) << counters;
    }
  }
}

TEST(ModelSpeculation, ChangesNoTextOfATinyModelWhateverTheThreads) {
  for (const char* threads : {"1", "2"}) {
    PipelineFolder folder;
    folder.Input(TinyPrompts(24));
    ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "24"}}, 24, {"0", "0.8"}, {"--threads", threads});
  }
}

TEST(ModelSpeculation, ChangesNoTextOfTheRealModel_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(12));
  ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "16"}, {"model", "smollm2-135m-instruct"}}, 5,
                  {"0", "0.7"}, {});
}

TEST(ModelSpeculation, DrawnDraftsGiveTheSameTextWithTheSameSeed) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(12));
  const Variables variables = {
      {"precision", "exact"}, {"max_tokens", "24"}, {"temperature", "1"}, {"drafting", "sampled"}, {"length", "fixed"}};
  for (const char* pipeline : {"speculative-model", "speculative-tree"}) {
    const PipelineRun first = folder.Run(pipeline, variables, {"--threads", "1"});
    ASSERT_EQ(first.finished.exit_code, 0) << first.finished.err;
    EXPECT_EQ(first.written.size(), 12u);
    EXPECT_EQ(Completions(folder.Run(pipeline, variables, {"--threads", "2"})), Completions(first));
  }
}

TEST(ModelSpeculation, KindsWithoutAnExactRuleAreRefusedByLint) {
  PipelineFolder folder;
  const auto lint = [&](const std::string& pipeline, const std::string& from, const std::string& to) {
    std::string text = ReadFile(SourceFolder() + "/pipelines/" + pipeline + ".yaml");
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    folder.folder().Write("lint.yaml", text.replace(at, from.size(), to));
    return RunRetort({"lint", "lint.yaml"}, "", folder.path(""));
  };
  const Finished tree = lint("speculative-tree", "rule: lossless", "rule: lossless, block: true");
  EXPECT_EQ(tree.exit_code, 2);
  EXPECT_NE(tree.out.find("`draft.out` gives `draft:tree`, but `verify.in` takes `draft:sampled`"), std::string::npos)
      << tree.out;
  EXPECT_EQ(lint("speculative-model", "rule: lossless", "rule: lossless, block: true").exit_code, 0);
  EXPECT_EQ(lint("speculative", "rule: lossless", "rule: lossless, block: true").exit_code, 0);
  const Finished relaxed = lint("speculative-model", "rule: lossless", "rule: typical, block: true");
  EXPECT_EQ(relaxed.exit_code, 2);
  EXPECT_NE(relaxed.out.find("block: expected rule: lossless beside it"), std::string::npos) << relaxed.out;
  const Finished none = lint("speculative-model", "      model: small\n", "");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.out.find("model: drafter: model needs the name of a model here"), std::string::npos) << none.out;
}

TEST(ModelSpeculation, AModelWithOtherTokensDraftsWhatIsChosenWithoutChance) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(9));
  WriteWithOtherTokens(folder.path("tiny.gguf"), folder.path("other.gguf"), {.dropped_merges = 8});
  Variables variables = {{"max_tokens", "24"}, {"precision", "exact"}};
  const PipelineRun plain = folder.Run("generate", variables);
  variables["draft_model"] = "other.gguf";
  variables["length"] = "fixed";
  const PipelineRun drafted = folder.Run("speculative-model", variables);
  ASSERT_EQ(drafted.finished.exit_code, 0) << drafted.finished.err;
  EXPECT_NE(drafted.finished.err.find("drafts are translated as text"), std::string::npos) << drafted.finished.err;
  EXPECT_EQ(Completions(drafted), Completions(plain));
  EXPECT_GT(drafted.summary["stages"]["verify"]["counters"]["accepted_tokens"].get<int>(), 0);
  variables["drafting"] = "sampled";
  const PipelineRun sampled = folder.Run("speculative-model", variables);
  EXPECT_EQ(sampled.finished.exit_code, 2) << sampled.finished.err;
  for (const char* part : {"the tokens are not the same", "use drafting: argmax"})
    EXPECT_NE(sampled.finished.err.find(part), std::string::npos) << sampled.finished.err;
}

// The target drafts for itself: with its own tokens, with other numbers for them, and without its last merges. What is
// lost where only the numbers differ is lost on text that the target writes in other tokens than its tokenizer would.
TEST(ModelSpeculation, OtherTokensCostTheRealModelLittleAcceptanceAndNoText_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(12));
  const auto model = ResolveModelSource("smollm2-135m-instruct");
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  Variables variables = {{"model", *model},    {"precision", "exact"},      {"length", "fixed"},
                         {"max_tokens", "32"}, {"draft_weights", "native"}, {"draft_tokens", "4"}};
  const PipelineRun plain = folder.Run("generate", {{"model", *model}, {"precision", "exact"}, {"max_tokens", "32"}});
  const auto accepted = [&](const std::string& draft_model) {
    variables["draft_model"] = draft_model;
    const PipelineRun run = folder.Run("speculative-model", variables);
    EXPECT_EQ(run.finished.exit_code, 0) << run.finished.err;
    EXPECT_EQ(Completions(run), Completions(plain));
    const Json& counters = run.summary["stages"]["verify"]["counters"];
    return counters["accepted_tokens"].get<double>() / counters["draft_tokens"].get<double>();
  };
  const double same = accepted(*model);
  EXPECT_GT(same, 0.97);
  for (const auto& [dropped, least] : {std::pair<size_t, double>{0, 0.8}, {5000, 0.7}, {30000, 0.45}}) {
    const double other = accepted(WriteWithOtherTokens(*model, folder.path("other.gguf"), {.dropped_merges = dropped}));
    EXPECT_GT(other, least * same) << dropped;
    std::printf("%zu merges dropped: %.3f of drafted tokens accepted, with the same tokens %.3f\n", dropped, other,
                same);
  }
}

}  // namespace
}  // namespace retort::testing

// Speculative decoding writes what plain decoding writes, whole pipelines, by the built binary.
#include <gtest/gtest.h>

#include <set>

#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

void Replace(std::string& text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

/// speculative.yaml with this drafter, all of whose tokens are verified.
std::string WithDrafter(const std::string& drafter) {
  std::string text = ReadFile(SourceFolder() + "/pipelines/speculative.yaml");
  Replace(text, "drafter: prompt-lookup", "drafter: " + drafter);
  Replace(text, "  length: auto", "  length: fixed");
  return text;
}

void ExpectSameTexts(PipelineFolder& folder, Variables variables, size_t records) {
  for (const std::string drafter : {"prompt-lookup", "ngram"}) {
    folder.folder().Write(drafter + ".yaml", WithDrafter(drafter));
  }
  for (const char* temperature : {"0", "0.8"}) {
    variables["temperature"] = temperature;
    SCOPED_TRACE(std::string("temperature ") + temperature);
    const PipelineRun plain = folder.Run("generate", variables);
    ASSERT_EQ(plain.finished.exit_code, 0) << plain.finished.err;
    ASSERT_EQ(plain.written.size(), records);
    for (const std::string pipeline : {"speculative", "prompt-lookup.yaml", "ngram.yaml"}) {
      const PipelineRun drafted = folder.Run(pipeline, variables);
      ASSERT_EQ(drafted.finished.exit_code, 0) << drafted.finished.err;
      EXPECT_EQ(Completions(drafted), Completions(plain)) << pipeline;
      EXPECT_EQ(drafted.summary["tokens"], plain.summary["tokens"]) << pipeline;
      if (pipeline == "speculative") continue;  // as much as pays, which may be nothing
      EXPECT_GT(drafted.summary["stages"]["verify"]["counters"]["accepted_tokens"].get<int>(), 0)
          << pipeline << ": nothing was accepted, so the test shows nothing";
      EXPECT_GT(drafted.summary["acceptance_length"].get<double>(), 1.0);
    }
  }
}

TEST(Decoding, SpeculationChangesNoTextOfATinyModel) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(24));
  ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "48"}}, 24);
}

TEST(Decoding, SpeculationChangesNoTextOfTheRealModel_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(6));
  ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "24"}, {"model", "smollm2-135m-instruct"}}, 10);
}

TEST(Decoding, ThreadsAndDeterminismChangeNoExactText) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(24));
  const Variables variables = {{"precision", "exact"}, {"max_tokens", "32"}, {"temperature", "0.9"}, {"seed", "5"}};
  const auto expected = Completions(folder.Run("generate", variables, {"--threads", "1"}));
  ASSERT_EQ(expected.size(), 24u);
  EXPECT_EQ(Completions(folder.Run("generate", variables, {"--threads", "3"})), expected);
  EXPECT_EQ(Completions(folder.Run("speculative", variables, {"--deterministic"})), expected);
  Variables other = variables;
  other["seed"] = "6";
  EXPECT_NE(Completions(folder.Run("generate", other)), expected) << "the seed does nothing";
}

TEST(Decoding, ADeterministicRunWritesTheSameBytesTwice) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(24));
  const Variables variables = {{"max_tokens", "16"}, {"temperature", "0.9"}};
  std::set<std::string> files;
  for (int i = 0; i < 2; ++i) {
    folder.Run("speculative", variables, {"--deterministic"});
    files.insert(folder.folder().Read("out.jsonl"));
  }
  EXPECT_EQ(files.size(), 1u);
  EXPECT_EQ(JsonLines(*files.begin()).size(), 24u);
}

TEST(Decoding, RecordsCarryTheirFieldsAndTheUsage) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(24));
  const PipelineRun run = folder.Run("speculative", {{"max_tokens", "7"}});
  ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
  uint64_t tokens = 0;
  for (const auto& [id, record] : run.written) {
    EXPECT_TRUE(record.contains("prompt") && record.contains("kind")) << record;
    const Json& usage = record.at("usage");
    EXPECT_LE(usage.at("completion_tokens").get<int>(), 7);
    EXPECT_EQ(usage.at("total_tokens").get<int>(),
              usage.at("completion_tokens").get<int>() + usage.at("prompt_tokens").get<int>());
    EXPECT_TRUE(record.at("finish_reason") == "length" || record.at("finish_reason") == "stop");
    tokens += usage.at("completion_tokens").get<uint64_t>();
  }
  EXPECT_EQ(run.summary["tokens"], tokens);
  EXPECT_EQ(run.summary["acceptance_length_by_kind"].size(), 2u) << run.summary;
}

// Two seeds give two texts: what --against makes of that depends on what was promised.
TEST(Decoding, TextsThatDifferFailWhereTheyMustNot) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(24));
  std::string other = ReadFile(SourceFolder() + "/pipelines/generate.yaml");
  const std::string seed = "seed: \"${seed}\"";
  other.replace(other.find(seed), seed.size(), "seed: 99");
  other.erase(other.find("  seed: 0\n"), 10);
  folder.folder().Write("other.yaml", other);
  const auto exit_code = [&](const char* precision, std::vector<std::string> more) {
    more.insert(more.begin(), {"--against", "other.yaml"});
    const PipelineRun run =
        folder.Run("generate", {{"temperature", "1"}, {"max_tokens", "8"}, {"precision", precision}}, more);
    EXPECT_LT(run.summary["texts"]["identical"], run.summary["texts"]["records"]) << run.finished.err;
    return run.finished.exit_code;
  };
  EXPECT_EQ(exit_code("exact", {}), 1);
  EXPECT_EQ(exit_code("fast", {}), 0);
  EXPECT_EQ(exit_code("fast", {"--require-identical"}), 1);
}

}  // namespace
}  // namespace retort::testing

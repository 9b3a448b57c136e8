// What a right pipeline becomes, and how faults are printed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/graph/pipeline.h"
#include "tests/graph/sample_stages.h"

namespace retort {
namespace {

constexpr const char* kSpeculative = R"(# speculative decoding
retort: 1
name: speculative
engine: { seed: 3, credits: 8, threads: 2, affinity: cores, numa: 1, deterministic: true, dead_letter: failed.jsonl, max_cycles: 50 }
models:
  target: { source: model.gguf, device: "cuda:1", weights: q8_0, precision: exact, context_length: 512, threads: 4 }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  prompt: { uses: prompt, with: { model: target }, concurrency: 1 }
  draft: { uses: draft }
  verify: { uses: verify, with: { model: target, temperature: 0.7 }, max_batch: 16, linger: 3, order: input }
  write: { uses: write-jsonl, with: { path: 8 }, order: completion }
edges:
  - read -> prompt
  - "prompt.sequences -> draft.sequences"
  - draft -> verify
  - { from: verify.continue, to: draft, back: true }
  - verify.done -> write
)";

LoadedPipeline Load(const std::string& text) {
  static const Registry registry = testing::MakeSampleRegistry();
  return LoadPipeline(SourceText("test.yaml", text), registry, {});
}

TEST(LoadPipeline, ReadsEverything) {
  const LoadedPipeline loaded = Load(kSpeculative);
  ASSERT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics, loaded.source);
  const PipelineDescription& pipeline = loaded.description;
  EXPECT_EQ(pipeline.name, "speculative");
  EXPECT_EQ(pipeline.engine.seed, 3u);
  EXPECT_EQ(pipeline.engine.credits, 8u);
  EXPECT_EQ(pipeline.engine.threads, 2);
  EXPECT_EQ(pipeline.engine.affinity, Affinity::kCores);
  EXPECT_EQ(pipeline.engine.numa, 1);
  EXPECT_TRUE(pipeline.engine.deterministic);
  EXPECT_EQ(pipeline.engine.dead_letter_path, "failed.jsonl");
  EXPECT_EQ(pipeline.engine.max_cycles, 50u);
  ASSERT_EQ(pipeline.models.size(), 1u);
  const ModelConfig& model = pipeline.models[0].config;
  EXPECT_EQ(model.name, "target");
  EXPECT_EQ(model.source, "model.gguf");
  EXPECT_EQ(model.device, "cuda:1");
  EXPECT_EQ(model.weights, "q8_0");
  EXPECT_EQ(model.precision, Precision::kExact);
  EXPECT_EQ(model.context_length, 512);
  EXPECT_EQ(model.threads, 4);
  ASSERT_EQ(pipeline.stages.size(), 5u);
  EXPECT_EQ(pipeline.stages[0].name, "read");  // in the file's order
  EXPECT_EQ(pipeline.FindStage("draft")->values.at("max_tokens"), OptionValue(int64_t{8}));
  EXPECT_EQ(pipeline.FindStage("draft")->values.at("drafter"), OptionValue(std::string("prompt-lookup")));
  EXPECT_EQ(pipeline.FindStage("verify")->values.at("stop"), OptionValue(std::vector<std::string>{"\n"}));
  EXPECT_EQ(pipeline.FindStage("write")->values.at("path"), OptionValue(std::string("8")));
}

TEST(LoadPipeline, PutsDeadLettersBesideAFileAndIntoTheFolderElse) {
  const auto path = [](const std::string& keys) {
    std::string text = kSpeculative;
    text.replace(text.find("dead_letter: failed.jsonl"), 25, keys);
    return Load(text).description.engine.dead_letter_path;
  };
  EXPECT_EQ(path("dead_letter_beside: no/such/out.jsonl"), "no/such/out.jsonl.failed.jsonl");
  EXPECT_EQ(path("dead_letter_beside: '-'"), "failed.jsonl");
  EXPECT_EQ(path("dead_letter_beside: /dev/full"), "failed.jsonl");
  EXPECT_EQ(path("dead_letter_beside: out.jsonl, dead_letter: mine.jsonl"), "mine.jsonl");
  EXPECT_EQ(path("dead_letter_beside: ''"), "");
}

TEST(LoadPipeline, TakesTheStagesOwnWaysUnlessTheFileSaysOtherwise) {
  const PipelineDescription pipeline = Load(kSpeculative).description;
  const StageDescription &prompt = *pipeline.FindStage("prompt"), &verify = *pipeline.FindStage("verify"),
                         &write = *pipeline.FindStage("write");
  EXPECT_EQ(prompt.max_batch, 32u);
  EXPECT_FALSE(prompt.concurrent);
  EXPECT_FALSE(prompt.ordered);
  EXPECT_EQ(verify.max_batch, 16u);
  EXPECT_EQ(verify.linger, std::chrono::milliseconds(3));
  EXPECT_TRUE(verify.ordered);
  EXPECT_EQ(verify.models, std::vector<std::string>{"target"});
  EXPECT_EQ(verify.run_models, std::vector<std::string>{"target"});
  EXPECT_EQ(prompt.models, std::vector<std::string>{"target"});
  EXPECT_TRUE(prompt.run_models.empty()) << "the stage says that it only looks at its model";
  EXPECT_FALSE(write.ordered);
  EXPECT_EQ(write.max_batch, 1u);
}

TEST(LoadPipeline, WiresEdgesAndFindsCycles) {
  const PipelineDescription pipeline = Load(kSpeculative).description;
  ASSERT_EQ(pipeline.edges.size(), 5u);
  EXPECT_EQ(pipeline.edges[3].from, 3u);
  EXPECT_EQ(pipeline.edges[3].to, 2u);
  EXPECT_EQ(pipeline.edges[3].port, 0u);
  EXPECT_TRUE(pipeline.edges[3].back);
  EXPECT_EQ(pipeline.edges[4].port, 1u);
  EXPECT_EQ(FindCycles(pipeline), (std::vector<std::vector<size_t>>{{2, 3}}));
}

TEST(LoadPipeline, ReadsWindowsLineEndsAndAByteOrderMark) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : std::string(kSpeculative)) text += c == '\n' ? "\r\n" : std::string(1, c);
  const LoadedPipeline loaded = Load(text);
  EXPECT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics, loaded.source);
  const size_t wrong = text.find("max_batch");
  const LoadedPipeline faulty = Load(text.replace(wrong, 9, "max_bacth"));
  ASSERT_EQ(faulty.diagnostics.size(), 1u);
  EXPECT_EQ(faulty.diagnostics[0].place, (Place{11, 70}));
}

TEST(LoadPipeline, FollowsAliases) {
  const LoadedPipeline loaded = Load(R"(retort: 1
stages:
  read: { uses: read-jsonl, with: &w { path: data.jsonl } }
  write: { uses: write-jsonl, with: *w }
edges: [ read -> write ]
)");
  ASSERT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics, loaded.source);
  EXPECT_EQ(loaded.description.FindStage("write")->values.at("path"), OptionValue(std::string("data.jsonl")));
}

TEST(RenderText, ShowsPlaceLineCaretExpectedAndSuggestion) {
  const LoadedPipeline loaded = Load(
      "retort: 1\nname: \"ß\"\nstages:\n  ré: { uses: read-jsnol, with: { path: a } }\n  w: { uses: write-jsonl, with: "
      "{ path: b } }\nedges: [ ré -> w ]\n");
  EXPECT_EQ(RenderText(loaded.diagnostics, loaded.source),
            "test.yaml:4:15: error: stage `ré`: there is no stage `read-jsnol`\n"
            "  4 |   ré: { uses: read-jsnol, with: { path: a } }\n"
            "    |               ^\n"
            "  expected: one of `draft`, `pick`, `prompt`, `read-jsonl`, `verify` or `write-jsonl` (`retort list` "
            "shows refused plugins)\n"
            "  did you mean `read-jsonl`?\n");
}

TEST(RenderText, CutsLongLinesAroundTheCaret) {
  const LoadedPipeline loaded =
      Load("retort: 1\nname: { " + std::string(5000, 'x') + ": 1, " + std::string(5000, 'y') + ": ${\n");
  const std::string text = RenderText(loaded.diagnostics, loaded.source);
  EXPECT_FALSE(loaded.ok());
  EXPECT_LT(text.size(), 1000u) << text;
}

TEST(ReadPipelineFile, NamesWhatCannotBeRead) {
  const auto missing = ReadPipelineFile("no/such/file.yaml");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().message(),
            "no/such/file.yaml: cannot be read: No such file or directory; expected a pipeline file (YAML)");
  EXPECT_EQ(ReadPipelineFile(".").status().message(),
            ".: cannot be read: Is a directory; expected a pipeline file (YAML)");
}

}  // namespace
}  // namespace retort

// The pipeline in which a model drafts for itself, and the search for its layers, by the built binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

/// The shipped pipeline with other options of the drafter, as a file of the folder.
std::string With(PipelineFolder& folder, const std::string& options) {
  std::string text = ReadFile(SourceFolder() + "/pipelines/self-skip.yaml");
  const size_t at = text.find("      drafter: self-skip"), end = text.find("      max_tokens:", at);
  EXPECT_NE(end, std::string::npos);
  folder.folder().Write("self.yaml", text.replace(at, end - at, "      target: target\n" + options));
  return "self.yaml";
}

const std::string& EarlyExit(int layers) {
  static std::string options;
  return options = "      drafter: early-exit\n      exit_layer: " + std::to_string(layers) + "\n";
}

TEST(SelfDraftingPipeline, ChangesNoTextOfATinyModelWhateverTheThreads) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(20));
  for (const char* temperature : {"0", "0.8"}) {
    const Variables plain = {{"precision", "exact"}, {"max_tokens", "24"}, {"temperature", temperature}};
    const auto expected = Completions(folder.Run("generate", plain));
    ASSERT_EQ(expected.size(), 20u);
    for (const char* threads : {"1", "2"}) {
      Variables exit = plain, skip = plain;
      exit["length"] = skip["length"] = "fixed";
      skip["skip_attention"] = "1";
      skip["skip_mlp"] = "0";
      const PipelineRun skipped = folder.Run("self-skip", skip, {"--threads", threads});
      ASSERT_EQ(skipped.finished.exit_code, 0) << skipped.finished.err;
      EXPECT_EQ(Completions(skipped), expected);
      EXPECT_GT(skipped.summary["stages"]["verify"]["counters"]["draft_tokens"].get<int>(), 0);
      const PipelineRun exited = folder.Run(With(folder, EarlyExit(1)), exit, {"--threads", threads});
      ASSERT_EQ(exited.finished.exit_code, 0) << exited.finished.err;
      EXPECT_EQ(Completions(exited), expected);
      EXPECT_GT(exited.summary["stages"]["verify"]["counters"]["draft_tokens"].get<int>(), 0);
    }
  }
}

TEST(SelfDraftingPipeline, ChangesNoTextOfTheRealModel_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(12));
  const Variables variables = {{"precision", "exact"}, {"max_tokens", "24"}, {"model", "smollm2-135m-instruct"}};
  const auto expected = Completions(folder.Run("generate", variables));
  ASSERT_EQ(expected.size(), 5u);
  Variables fixed = variables;
  fixed["length"] = "fixed";
  for (const std::string& pipeline : {std::string("self-skip"), With(folder, EarlyExit(24))}) {
    const PipelineRun run = folder.Run(pipeline, fixed);
    ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
    EXPECT_EQ(Completions(run), expected) << pipeline;
    EXPECT_GT(run.summary["stages"]["verify"]["counters"]["accepted_tokens"].get<int>(), 0) << pipeline;
  }
}

TEST(SelfDraftingPipeline, FaultsAreToldWithWhatToDo) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(1));
  const PipelineRun beyond = folder.Run("self-skip", {{"skip_attention", "2"}, {"skip_mlp", "0"}});
  EXPECT_EQ(beyond.finished.exit_code, 2);
  EXPECT_THAT(beyond.finished.err, HasSubstr("skip_attention: expected layers from 0 to 1"));
  EXPECT_THAT(beyond.finished.err, HasSubstr("self-skip.yaml:"));
  const PipelineRun all = folder.Run("self-skip", {{"skip_attention", "0-1"}, {"skip_mlp", "0-1"}});
  EXPECT_EQ(all.finished.exit_code, 2);
  EXPECT_THAT(all.finished.err, HasSubstr("all 2 layers are left out"));
  const Finished lint = RunRetort({"lint", With(folder, "      drafter: self-skip\n")}, "", folder.path(""));
  EXPECT_EQ(lint.exit_code, 2);
  EXPECT_THAT(lint.out, HasSubstr("expected a profile, or layers in skip_attention or skip_mlp"));
}

TEST(SkipSearch, WritesAProfileThatItsModelTakesAndNoOtherDoes) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(4));
  WriteTinyModel(folder.path("other.gguf"), {.seed = 2});
  const std::vector<std::string> command = {"skip",     "search",      "--model",  "tiny.gguf", "--prompts", "in.jsonl",
                                            "--out",    "s.json",      "--tokens", "12",        "--trials",  "12",
                                            "--always", "--precision", "exact",    "--threads", "1"};
  const Finished done = RunRetort(command, "", folder.path(""));
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("12 choices of layers measured"));
  EXPECT_THAT(done.out, HasSubstr("s.json: for `draft: { drafter: self-skip, profile: s.json"));
  EXPECT_EQ(RunRetort(command, "", folder.path("")).exit_code, 2) << "the file is there already";
  const std::string pipeline = With(folder, "      drafter: self-skip\n      profile: s.json\n");
  const Variables variables = {{"precision", "exact"}, {"max_tokens", "16"}};
  const PipelineRun run = folder.Run(pipeline, variables);
  ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
  EXPECT_EQ(Completions(run), Completions(folder.Run("generate", variables)));
  Variables other = variables;
  other["model"] = "other.gguf";
  const PipelineRun refused = folder.Run(pipeline, other);
  EXPECT_EQ(refused.finished.exit_code, 2);
  EXPECT_THAT(refused.finished.err, HasSubstr("expected a profile of other.gguf"));
}

TEST(SkipSearch, SaysWhatIsWrong) {
  PipelineFolder folder;
  const auto search = [&](const std::string& prompts) {
    return RunRetort({"skip", "search", "--model", "tiny.gguf", "--prompts", prompts, "--out", "s.json"}, "",
                     folder.path(""));
  };
  EXPECT_THAT(search("none.jsonl").err, HasSubstr("none.jsonl: cannot be read"));
  folder.Input("\n");
  EXPECT_THAT(search("in.jsonl").err, HasSubstr("in.jsonl: expected at least one line with a prompt"));
  folder.Input("{\"prompt\": \"a\"}\n{\"text\": \"a\"}\n");
  const Finished line = search("in.jsonl");
  EXPECT_EQ(line.exit_code, 2);
  EXPECT_THAT(line.err, HasSubstr("in.jsonl:2: expected either `prompt` (text) or `messages`"));
  EXPECT_EQ(RunRetort({"skip", "search", "--model", "tiny.gguf"}, "", folder.path("")).exit_code, 2);
}

}  // namespace
}  // namespace retort::testing

// Drafters that look into text, whole pipelines with their files, by the built binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

/// A shipped pipeline with other options of its drafter, as a file of the folder.
std::string Changed(PipelineFolder& folder, const std::string& pipeline, const std::string& from,
                    const std::string& to) {
  std::string text = ReadFile(SourceFolder() + "/pipelines/" + pipeline + ".yaml");
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << pipeline << ": " << from;
  folder.folder().Write("changed-" + pipeline + ".yaml", text.replace(at, from.size(), to));
  return "changed-" + pipeline + ".yaml";
}

/// Plain decoding, a store of its answers, and every drafter against it.
void ExpectSameTexts(PipelineFolder& folder, Variables variables, size_t records,
                     const std::vector<std::string>& temperatures, const std::vector<std::string>& more) {
  const std::string model = variables.contains("model") ? variables["model"] : "tiny.gguf";
  for (const std::string& temperature : temperatures) {
    variables["temperature"] = temperature;
    const PipelineRun plain = folder.Run("generate", variables, more);
    ASSERT_EQ(plain.finished.exit_code, 0) << plain.finished.err;
    ASSERT_EQ(plain.written.size(), records);
    const Finished built = RunRetort({"store", "build", "--corpus", "out.jsonl", "--field", "completion", "--model",
                                      model, "--out", "my.store", "--force"},
                                     "", folder.path(""));
    ASSERT_EQ(built.exit_code, 0) << built.err;
    const std::string three = "drafters: [ngram-store, prompt-lookup, ngram], target: target, store: my.store";
    const std::string two = "drafters: [prompt-lookup, ngram]", other_two = "drafters: [ngram, prompt-lookup]";
    const std::vector<std::pair<std::string, Variables>> ways = {
        {"speculative", {}},
        {"speculative-ngram", {{"save", "my.ngram"}}},
        {"speculative-ngram", {{"load", "my.ngram"}}},
        {"speculative-store", {{"store", "my.store"}}},
        {"speculative-race", {}},
        {"speculative-cascade", {}},
        {"speculative-lookahead", {}},
        {"speculative-lookahead", {{"window", "5"}, {"ngram", "4"}, {"guesses", "6"}, {"pool_from_prompt", "false"}}},
        {Changed(folder, "speculative-race", two, three), {}},
        {Changed(folder, "speculative-cascade", other_two, three), {}}};
    for (const auto& [pipeline, own] : ways) {
      SCOPED_TRACE(pipeline + ", temperature " + temperature + (own.empty() ? "" : ", " + own.begin()->first));
      Variables all = variables;
      all.insert(own.begin(), own.end());
      all["length"] = "fixed";
      const PipelineRun drafted = folder.Run(pipeline, all, more);
      ASSERT_EQ(drafted.finished.exit_code, 0) << drafted.finished.err;
      EXPECT_EQ(Completions(drafted), Completions(plain));
      EXPECT_GT(drafted.summary["stages"]["verify"]["counters"]["accepted_tokens"].get<int>(), 0)
          << "nothing was accepted, so the test shows nothing";
    }
  }
}

TEST(TextDrafters, ChangeNoTextOfATinyModelWhateverTheThreads) {
  for (const char* threads : {"1", "2"}) {
    PipelineFolder folder;
    folder.Input(TinyPrompts(24));
    ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "32"}}, 24, {"0", "0.8"}, {"--threads", threads});
  }
}

TEST(TextDrafters, ChangeNoTextOfTheRealModel_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(10));
  ExpectSameTexts(folder, {{"precision", "exact"}, {"max_tokens", "24"}, {"model", "smollm2-135m-instruct"}}, 6,
                  {"0", "0.7"}, {});
}

TEST(TextDrafters, AStoreOfTheAnswersAndSavedStatisticsForetellThem) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(12));
  const Variables variables = {{"precision", "exact"}, {"max_tokens", "32"}};
  ASSERT_EQ(folder
                .Run("speculative-ngram",
                     {{"save", "run.ngram"}, {"max_tokens", "32"}, {"precision", "exact"}, {"length", "fixed"}},
                     {"--deterministic"})
                .finished.exit_code,
            0);
  const std::string saved = folder.folder().Read("run.ngram");
  ASSERT_EQ(RunRetort({"store", "build", "--corpus", "out.jsonl", "--field", "completion", "--model", "tiny.gguf",
                       "--out", "run.store"},
                      "", folder.path(""))
                .exit_code,
            0);
  const auto share = [&](const char* pipeline, const char* name, const char* file) {
    Variables all = variables;
    all["length"] = "fixed";
    if (name != nullptr) all[name] = file;
    const PipelineRun run = folder.Run(pipeline, all, {"--deterministic"});
    EXPECT_EQ(run.finished.exit_code, 0) << run.finished.err;
    return run.summary["acceptance_length"].get<double>();
  };
  const double fresh = share("speculative-ngram", nullptr, nullptr);
  EXPECT_GT(share("speculative-ngram", "load", "run.ngram"), fresh);
  // The texts of a random model read back as other tokens than it wrote, so that not all is foretold.
  EXPECT_GT(share("speculative-store", "store", "run.store"), 1.2);
  ASSERT_EQ(folder
                .Run("speculative-ngram",
                     {{"save", "again.ngram"}, {"max_tokens", "32"}, {"precision", "exact"}, {"length", "fixed"}},
                     {"--deterministic"})
                .finished.exit_code,
            0);
  EXPECT_TRUE(folder.folder().Read("again.ngram") == saved) << "the same run leaves the same bytes";
}

TEST(TextDrafters, FilesThatDoNotFitEndTheRunBeforeItBegins) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(2));
  folder.folder().Write("corpus.txt", "the thing and the thing");
  const auto build = [&](const char* model, const char* out) {
    return RunRetort({"store", "build", "--corpus", "corpus.txt", "--model", model, "--out", out}, "", folder.path(""))
        .exit_code;
  };
  ASSERT_EQ(build("tiny.gguf", "my.store"), 0);
  WriteTinyModel(folder.path("wide.gguf"), {.vocab = 400});
  ASSERT_EQ(build("wide.gguf", "wide.store"), 0);
  folder.folder().Write("cut.store", folder.folder().Read("my.store").substr(0, 600));
  const auto error = [&](const char* store) {
    const PipelineRun run = folder.Run("speculative-store", {{"store", store}, {"max_tokens", "4"}});
    EXPECT_EQ(run.finished.exit_code, 2) << run.finished.err;
    return run.finished.err;
  };
  EXPECT_EQ(folder.Run("speculative-store", {{"store", "my.store"}, {"max_tokens", "4"}}).finished.exit_code, 0);
  EXPECT_THAT(error("wide.store"), HasSubstr("another vocabulary (400 tokens); build it anew"));
  EXPECT_THAT(error("cut.store"), HasSubstr("damaged or cut off; build it anew"));
  EXPECT_THAT(error("corpus.txt"), HasSubstr("begins with \"the thin\""));
  EXPECT_THAT(error("none.store"), HasSubstr("none.store: cannot be opened"));
}

}  // namespace
}  // namespace retort::testing

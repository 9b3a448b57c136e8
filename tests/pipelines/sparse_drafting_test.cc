// The pipeline in which a model drafts with a share of its neurons, by the built binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

TEST(SparseDraftingPipeline, ChangesNoTextOfATinyModelWhateverTheThreads) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(20));
  for (const char* temperature : {"0", "0.8"}) {
    const Variables plain = {{"precision", "exact"}, {"max_tokens", "24"}, {"temperature", temperature}};
    const auto expected = Completions(folder.Run("generate", plain));
    ASSERT_EQ(expected.size(), 20u);
    for (const auto& [threads, sparsity] : {std::pair<const char*, const char*>{"1", "fine"}, {"2", "coarse"}}) {
      Variables variables = plain;
      variables["length"] = "fixed";
      variables["sparsity"] = sparsity;
      const PipelineRun run = folder.Run("speculative-sparse", variables, {"--threads", threads});
      ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
      EXPECT_EQ(Completions(run), expected) << sparsity;
      EXPECT_GT(run.summary["stages"]["verify"]["counters"]["draft_tokens"].get<int>(), 0);
    }
  }
}

TEST(SparseDraftingPipeline, ChangesNoTextOfTheRealModel_slow) {
  PipelineFolder folder;
  folder.Input(ShippedPrompts(12));
  const Variables variables = {{"precision", "exact"}, {"max_tokens", "24"}, {"model", "smollm2-135m-instruct"}};
  const auto expected = Completions(folder.Run("generate", variables));
  ASSERT_EQ(expected.size(), 5u);
  for (const char* const sparsity : {"coarse", "fine"}) {
    Variables fixed = variables;
    fixed["length"] = "fixed";
    fixed["sparsity"] = sparsity;
    fixed["density"] = "0.7";
    const PipelineRun run = folder.Run("speculative-sparse", fixed);
    ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
    EXPECT_EQ(Completions(run), expected) << sparsity;
    EXPECT_GT(run.summary["stages"]["verify"]["counters"]["accepted_tokens"].get<int>(), 0) << sparsity;
  }
}

TEST(SparseDraftingPipeline, FaultsAreToldWithWhatToDo) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(1));
  const PipelineRun none = folder.Run("speculative-sparse", {{"density", "0"}});
  EXPECT_EQ(none.finished.exit_code, 2);
  EXPECT_THAT(none.finished.err, HasSubstr("density: expected above 0"));
  EXPECT_THAT(none.finished.err, HasSubstr("speculative-sparse.yaml:"));
  const PipelineRun dense = folder.Run("speculative-sparse", {{"dense_first", "2"}});
  EXPECT_EQ(dense.finished.exit_code, 2);
  EXPECT_THAT(dense.finished.err, HasSubstr("expected less than the model's 2 layers together"));
}

}  // namespace
}  // namespace retort::testing

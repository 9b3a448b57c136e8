// The search for layers to leave out, on a model that has some which do nothing.
#include "core/model/skip_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/skip_profile.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::TinyModel;
using testing::Tokens;

constexpr int32_t kLayers = 5;
/// Parts of layers 1 to 3 add nothing.
const std::vector<int32_t> kIdle = {1, 2, 3};

std::shared_ptr<Model> LoadIdle() {
  const TinyModel tiny{.layers = kLayers};
  testing::GgufBuilder builder = testing::MakeTinyModel(tiny);
  const auto silence = [&](const std::string& name, int64_t k) {
    builder.Tensor(name, tiny.type, {k, tiny.hidden}, std::vector<float>(static_cast<size_t>(k * tiny.hidden), 0.0f));
  };
  for (const int32_t layer : kIdle) {
    silence("blk." + std::to_string(layer) + ".attn_output.weight", tiny.hidden);
    silence("blk." + std::to_string(layer) + ".ffn_down.weight", tiny.ffn);
  }
  ModelConfig config;
  config.source = testing::TempPath("idle.gguf");
  config.precision = Precision::kExact;
  EXPECT_TRUE(builder.Write(config.source).ok());
  return *Model::Load(config);
}

SkipSearchOptions Options() {
  SkipSearchOptions options;
  options.tokens = 30;
  options.trials = 40;
  // A tenth for the logits, and for each of the ten parts nine hundredths; steps of 1 to 9 tokens.
  options.costs = {0.1, 0.09, 0.09, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8};
  return options;
}

std::vector<std::vector<int32_t>> Prompts() {
  std::vector<std::vector<int32_t>> prompts;
  for (size_t i = 0; i < 6; ++i) prompts.push_back(Tokens(5 + 7 * i, i));
  return prompts;
}

TEST(SkipSearch, MeasuresWhatAChoiceWouldDraft) {
  const auto model = LoadIdle();
  auto trials = SkipTrials::Create(*model, Prompts(), Options());
  ASSERT_TRUE(trials.ok()) << trials.status().ToString();
  const auto whole = trials->Measure(LayerChoice::All(kLayers));
  const auto idle = trials->Measure(LayerChoice::Without(kIdle, kIdle, kLayers));
  const auto nothing = trials->Measure(LayerChoice::First(0, kLayers));
  ASSERT_TRUE(whole.ok() && idle.ok() && nothing.ok());
  for (const double share : whole->accepted) EXPECT_EQ(share, 1);
  for (const double share : idle->accepted) EXPECT_EQ(share, 1);
  EXPECT_DOUBLE_EQ(idle->surprise, whole->surprise);
  EXPECT_LT(nothing->accepted[0], 1);
  EXPECT_GT(nothing->surprise, whole->surprise);
  EXPECT_DOUBLE_EQ(whole->draft_cost, 1);
  EXPECT_NEAR(idle->draft_cost, 0.46, 1e-12);
  EXPECT_EQ(idle->draft_tokens, 8);
  EXPECT_NEAR(idle->speed_up, 9 / (8 * 0.46 + 1.8), 1e-9);
  EXPECT_LT(whole->speed_up, 1);
}

TEST(SkipSearch, FindsTheLayersThatDoNothing) {
  const auto model = LoadIdle();
  SkipSearchOptions options = Options();
  int32_t told = 0;
  options.progress = [&](int32_t trial, const LayerChoice&, const SkipFigures& figures, const SkipFigures& best) {
    EXPECT_EQ(trial, ++told);
    EXPECT_GE(best.speed_up, figures.speed_up);
  };
  const auto found = SearchSkips(*model, Prompts(), options);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(told, options.trials);
  EXPECT_EQ(found->trials, options.trials);
  EXPECT_GE(found->figures.speed_up, 9 / (8 * 0.46 + 1.8) - 1e-9);
  EXPECT_GT(found->choice.parts(), 0);
  const auto again = SearchSkips(*model, Prompts(), Options());
  EXPECT_EQ(again->choice, found->choice);
}

TEST(SkipSearch, MeasuresCostsThatAddUp) {
  const auto model = LoadIdle();
  SkipSearchOptions options = Options();
  options.costs.clear();
  options.longest = 3;
  const auto trials = SkipTrials::Create(*model, Prompts(), options);
  ASSERT_TRUE(trials.ok());
  EXPECT_EQ(trials->costs().steps.size(), 4u);
  EXPECT_GE(trials->costs().Of(LayerChoice::All(kLayers)), 0.99);
}

TEST(SkipSearch, NeedsATextToMeasureWith) {
  const auto model = LoadIdle();
  const auto none = SkipTrials::Create(*model, {}, Options());
  EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
}

TEST(SkipProfile, ReadsWhatItWrites) {
  SkipProfile profile;
  profile.made_for = ProfileModel{"m", 0xfedcba9876543210u, 30};
  profile.skip_attention = {0, 1, 2, 29};
  profile.draft_tokens = 3;
  profile.tokens_per_step = 2.5;
  profile.draft_cost = 0.5;
  profile.step_cost = 1.25;
  profile.speed_up = 1.125;
  const testing::TemporaryFolder folder;
  const std::string path = folder.Write("p.json", SkipProfileText(profile));
  const auto read = ReadSkipProfile(path);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(SkipProfileText(*read), SkipProfileText(profile));
  EXPECT_EQ(read->Choice().skipped_attention(), profile.skip_attention);
}

}  // namespace
}  // namespace retort

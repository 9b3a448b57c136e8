// The figures of speculative decoding, from reports of runs made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/report/speculation.h"
#include "core/graph/report/speculation_text.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

/// draft -> verify -> draft, and a stage beside the cycle.
PipelineDescription Cycle() {
  PipelineDescription pipeline;
  for (const char* name : {"read", "draft", "verify"}) pipeline.stages.emplace_back().name = name;
  pipeline.edges = {{0, 1, 0, false, {}}, {1, 2, 0, false, {}}, {2, 1, 1, true, {}}};
  return pipeline;
}

StageStats::Distribution Samples(uint64_t count, double mean) {
  return {count, mean * static_cast<double>(count), mean, mean};
}

/// 20 decoding steps of one sequence, half of them with a draft of three.
RunReport OneSequence() {
  RunReport report;
  report.stages["read"].busy_seconds = 5;
  report.stages["draft"].busy_seconds = 1;
  report.stages["draft"].counters = {{"draft_seconds", 0.02}, {"prompt_draft_seconds", 0.5}};
  StageStats& verify = report.stages["verify"];
  verify.counters = {{"drafts", 10},
                     {"draft_tokens", 30},
                     {"accepted_tokens", 20},
                     {"drafts/prompt-lookup", 10},
                     {"draft_tokens/prompt-lookup", 30},
                     {"accepted_tokens/prompt-lookup", 20},
                     {"draft_tokens_of_kind/a/b", 30},
                     {"accepted_tokens_of_kind/a/b", 20},
                     {"loop_seconds", 0.3},
                     {"accept_seconds", 0.01},
                     {"prompt_seconds", 0.7}};
  for (const std::string place : {"0", "1", "2"}) {
    verify.counters["draft_tokens_offered_per_pos/" + place] = 12;
    verify.counters["draft_tokens_per_pos/" + place] = 10;
    verify.counters["draft_tokens_per_pos_of_kind/" + place + "/a/b"] = 10;
  }
  verify.counters["accepted_tokens_per_pos/0"] = 9;
  verify.counters["accepted_tokens_per_pos/1"] = 7;
  verify.counters["accepted_tokens_per_pos/2"] = 4;
  verify.counters["accepted_tokens_per_pos_of_kind/2/a/b"] = 4;
  verify.samples = {{"step_seconds/1", Samples(10, 0.010)},
                    {"step_seconds/4", Samples(10, 0.015)},
                    {"decoded_tokens/1", Samples(20, 2)},
                    {"acceptance_length", Samples(21, 2)},
                    {"acceptance_length/a/b", Samples(21, 2)}};
  return report;
}

Speculation Only(const RunReport& report) {
  const std::vector<Speculation> found = FindSpeculation(Cycle(), report);
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? Speculation() : found[0];
}

TEST(SpeculationReport, CountsByPlaceKindAndDrafter) {
  const Speculation figures = Only(OneSequence());
  EXPECT_EQ(figures.stage, "verify");
  EXPECT_EQ(figures.drafting_stages, std::vector<std::string>{"draft"});
  EXPECT_DOUBLE_EQ(figures.mean_acceptance_length(), 3);
  EXPECT_DOUBLE_EQ(figures.all.tokens_per_step(), 2);
  EXPECT_DOUBLE_EQ(figures.steps_saved(), 21);
  EXPECT_FALSE(figures.trees);
  ASSERT_EQ(figures.all.places.size(), 3u);
  EXPECT_DOUBLE_EQ(figures.all.places[2].rate(), 0.4);
  EXPECT_DOUBLE_EQ(figures.all.places[2].offered, 12);
  ASSERT_EQ(figures.kinds.size(), 1u);
  EXPECT_EQ(figures.kinds[0].name, "a/b") << "records may name their kind as they like";
  ASSERT_EQ(figures.kinds[0].places.size(), 3u);
  EXPECT_DOUBLE_EQ(figures.kinds[0].places[2].accepted, 4);
  ASSERT_EQ(figures.drafters.size(), 1u);
  EXPECT_DOUBLE_EQ(figures.drafters[0].rate(), 2.0 / 3);
}

// Leviathan et al., 2211.17192, with the mean over the steps' lengths: E / (gamma c + v).
TEST(SpeculationReport, TheBoundIsThatOfItsOwnAcceptanceAndCosts) {
  const Speculation figures = Only(OneSequence());
  ASSERT_TRUE(figures.speed_up) << figures.unknown;
  EXPECT_DOUBLE_EQ(figures.speed_up->tokens, 2);
  EXPECT_DOUBLE_EQ(figures.speed_up->step, 1.25);
  EXPECT_DOUBLE_EQ(figures.speed_up->draft, 0.1) << "drafting for prompts is left out";
  EXPECT_NEAR(figures.speed_up->bound(), 2 / 1.35, 1e-12);
  EXPECT_NEAR(figures.speed_up->attained(), 40 * 0.010 / 0.3, 1e-12) << "tokens x a plain step over the loop's time";
  EXPECT_NEAR(figures.speed_up->share(), 0.27 / 0.3, 1e-12);
  EXPECT_NEAR(figures.times.other(), 0.3 - 0.25 - 0.02 - 0.01, 1e-12);
}

// Plain decoding of four sequences is steps of four rows; that time stands between those of three and six.
TEST(SpeculationReport, BatchesAreComparedWithPlainStepsOfTheSameSequences) {
  RunReport report = OneSequence();
  report.stages["verify"].samples = {{"step_seconds/3", Samples(10, 0.010)},
                                     {"step_seconds/6", Samples(20, 0.016)},
                                     {"decoded_tokens/4", Samples(25, 6)},
                                     {"acceptance_length", Samples(100, 1.5)}};
  const Speculation figures = Only(report);
  ASSERT_TRUE(figures.speed_up) << figures.unknown;
  EXPECT_NEAR(figures.speed_up->tokens, 1.5, 1e-12);
  EXPECT_NEAR(figures.speed_up->attained(), 150.0 / 4 * 0.012 / 0.3, 1e-12);
  EXPECT_DOUBLE_EQ(figures.sequences, 4);
}

TEST(SpeculationReport, APlainStepThatWasNeverSeenIsNotMadeUp) {
  RunReport report = OneSequence();
  report.stages["verify"].samples.erase("step_seconds/1");
  const Speculation figures = Only(report);
  EXPECT_FALSE(figures.speed_up);
  EXPECT_THAT(figures.unknown, HasSubstr("0 steps of about 1 row were run"));
  EXPECT_THAT(SpeculationText(figures), HasSubstr("not known: 0 steps of about 1 row"));
  EXPECT_TRUE(SpeculationJson(figures)["speed_up"]["bound"].is_null());
}

TEST(SpeculationReport, APlainStepThatWasSeenOnceSaysNothing) {
  RunReport report = OneSequence();
  report.stages["verify"].samples["step_seconds/1"] = Samples(1, 0.010);
  EXPECT_THAT(Only(report).unknown, HasSubstr("1 step of about 1 row was run, too few"));
}

TEST(SpeculationReport, AStageThatDoesNotTellItsDraftingCountsWhole) {
  RunReport report = OneSequence();
  report.stages["draft"].counters.clear();
  EXPECT_DOUBLE_EQ(Only(report).times.draft, 1);
}

TEST(SpeculationReport, ARunWithoutVerificationHasNone) {
  RunReport report = OneSequence();
  report.stages["verify"].samples.clear();
  EXPECT_TRUE(FindSpeculation(Cycle(), report).empty());
}

TEST(StepTimes, SizesSeenSeldomLeanOnTheirNeighbours) {
  StageStats stats;
  stats.samples = {{"step_seconds/1", Samples(1, 3)},
                   {"step_seconds/2", Samples(9, 1)},
                   {"step_seconds/10", Samples(5, 4)},
                   {"step_seconds/66-73", Samples(1, 8)},
                   {"step_seconds/odd", Samples(9, 9)}};
  const StepTimes times(stats);
  EXPECT_DOUBLE_EQ(*times.Seconds(1), 1.2) << "a larger step was faster, nine times";
  EXPECT_DOUBLE_EQ(*times.Seconds(2), 1.2);
  EXPECT_DOUBLE_EQ(*times.Seconds(6), 2.6);
  EXPECT_DOUBLE_EQ(*times.Seconds(69.5), 8);
  EXPECT_FALSE(times.Seconds(0.5));
  EXPECT_FALSE(times.Seconds(70));
  EXPECT_DOUBLE_EQ(times.total_seconds(), 3 + 9 + 20 + 8);
}

}  // namespace
}  // namespace retort

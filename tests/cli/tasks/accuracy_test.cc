// Accuracy, recovery and their intervals, against values worked out by hand and against the binomial law.
#include <gtest/gtest.h>

#include <cmath>

#include "tools/cli/tasks/accuracy.h"

namespace retort::cli {
namespace {

using Kinds = std::vector<std::string>;

/// `of` scores of which the first `passed` are 1.
std::vector<double> Scores(size_t passed, size_t of) {
  std::vector<double> scores(of);
  for (size_t i = 0; i < passed; ++i) scores[i] = 1;
  return scores;
}

TEST(Accuracy, IsByKindInTheOrderOfTheFile) {
  const auto kinds = AccuracyByKind(Kinds{"z", "a", "z", "z"}, {1, 0, 0, 1});
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].kind, "z");
  EXPECT_EQ(kinds[0].passed, 2u);
  EXPECT_DOUBLE_EQ(kinds[0].accuracy(), 2.0 / 3);
  EXPECT_EQ(kinds[1].tasks, 1u);
  EXPECT_EQ(kinds[1].passed, 0u);
}

TEST(Accuracy, RecoveryIsTheShareWonBack) {
  EXPECT_DOUBLE_EQ(*Recovery(0.8, 0.4, 0.7), 0.75);
  EXPECT_DOUBLE_EQ(*Recovery(0.8, 0.4, 0.3), -0.25);
  EXPECT_DOUBLE_EQ(*Recovery(0.5, 0.25, 0.75), 2);
  EXPECT_EQ(Recovery(0.5, 0.5, 0.5), std::nullopt);
  EXPECT_EQ(Recovery(0.4, 0.5, 0.5), std::nullopt);
}

TEST(Accuracy, TheIntervalOfAShareIsThatOfTheBinomialLaw) {
  const Kinds kinds(400, "k");
  const auto interval = MeasureAccuracy(kinds, Scores(300, 400), {.seed = 3});
  ASSERT_TRUE(interval.ok());
  const double error = std::sqrt(0.75 * 0.25 / 400);
  EXPECT_DOUBLE_EQ(interval->value, 0.75);
  EXPECT_NEAR(interval->low, 0.75 - 1.96 * error, 0.004);
  EXPECT_NEAR(interval->high, 0.75 + 1.96 * error, 0.004);
}

TEST(Accuracy, TasksAreDrawnWithinTheirKinds) {
  // Each kind passes wholly or not at all, so nothing varies.
  Kinds kinds(30, "good");
  kinds.insert(kinds.end(), 10, "bad");
  const auto interval = MeasureAccuracy(kinds, Scores(30, 40), {.resamples = 200});
  ASSERT_TRUE(interval.ok());
  EXPECT_EQ(interval->low, 0.75);
  EXPECT_EQ(interval->high, 0.75);
}

TEST(Accuracy, PairsMakeDifferencesNarrow) {
  // Two ways that differ in 4 of 400 tasks: the difference is known far better than either accuracy.
  const Kinds kinds(400, "k");
  const auto difference = MeasureDifference(kinds, Scores(304, 400), Scores(300, 400), {});
  ASSERT_TRUE(difference.ok());
  EXPECT_DOUBLE_EQ(difference->value, 304.0 / 400 - 300.0 / 400);
  EXPECT_GE(difference->low, 0);
  EXPECT_LE(difference->high, 0.0225);
  EXPECT_GT(difference->high, 0.01);
}

TEST(Accuracy, RecoveryHasAnIntervalAroundIt) {
  const Kinds kinds(300, "k");
  const auto figures = MeasureRecovery(kinds, Scores(240, 300), Scores(90, 300), Scores(225, 300), {.seed = 1});
  ASSERT_TRUE(figures.ok());
  ASSERT_TRUE(figures->recovery.has_value());
  EXPECT_NEAR(figures->recovery->value, 0.9, 1e-12);
  // By the delta method: recovery is 1 - m / l with m = 15 / 300 missing and l = 150 / 300 lost.
  const double m = 0.05, l = 0.5;
  const double variance =
      (m * (1 - m) / (l * l) + m * m * l * (1 - l) / std::pow(l, 4) - 2 * m * (m - m * l) / (l * l * l)) / 300;
  EXPECT_NEAR(figures->recovery->low, 0.9 - 1.96 * std::sqrt(variance), 0.006);
  EXPECT_NEAR(figures->recovery->high, 0.9 + 1.96 * std::sqrt(variance), 0.006);
  EXPECT_NEAR(figures->missing.value, 0.05, 1e-12);
  EXPECT_NEAR(figures->lost.value, 0.5, 1e-12);
  EXPECT_EQ(figures->undefined, 0);
}

TEST(Accuracy, WithoutALossThereIsNoRecovery) {
  const Kinds kinds(20, "k");
  const auto same = MeasureRecovery(kinds, Scores(10, 20), Scores(10, 20), Scores(10, 20), {.resamples = 50});
  ASSERT_TRUE(same.ok());
  EXPECT_FALSE(same->recovery.has_value());
  EXPECT_EQ(same->undefined, 1);
  // Lost in one task, which some resamples leave out: (19/20)^20 of them, 0.36.
  const auto little = MeasureRecovery(kinds, Scores(11, 20), Scores(10, 20), Scores(10, 20), {});
  ASSERT_TRUE(little.ok());
  EXPECT_NEAR(little->undefined, 0.358, 0.02);
}

TEST(Accuracy, TheSameSeedGivesTheSameInterval) {
  const Kinds kinds(50, "k");
  const auto low = [&](uint64_t seed) {
    return MeasureAccuracy(kinds, {[] {
                             auto s = Scores(30, 50);
                             s[3] = 0.37;
                             return s;
                           }()},
                           {.seed = seed, .resamples = 100})
        ->low;
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

TEST(Accuracy, RefusesWhatHasNoMeaning) {
  const Kinds kinds(2, "k");
  EXPECT_EQ(MeasureAccuracy({}, {}, {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MeasureDifference(kinds, {1, 0}, {1}, {}).status().message(),
            "expected a score for each of 2 tasks, got 1");
  EXPECT_FALSE(MeasureAccuracy(kinds, {1, 0}, {.resamples = 0}).ok());
  EXPECT_FALSE(MeasureAccuracy(kinds, {1, 0}, {.confidence = 1}).ok());
  EXPECT_FALSE(MeasureAccuracy(kinds, {1, 0}, {.confidence = std::nan("")}).ok());
}

}  // namespace
}  // namespace retort::cli

// The control of draft lengths against curves of cost and rates of acceptance that are known.
#include "plugins/verify/length_control.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace retort_stages {
namespace {

using Sequence = LengthControl::Sequence;

/// Seconds of a step: flat up to `flat` rows, then a share of the flat part a row.
struct Curve {
  double flat = 4, slope = 0.2, unit = 0.003;
  double operator()(size_t rows) const { return unit * (1 + slope * std::max(0.0, static_cast<double>(rows) - flat)); }
};

void Teach(LengthControl& control, const Curve& curve, size_t most) {
  for (int round = 0; round < 3; ++round) {
    for (size_t rows = 1; rows <= most; ++rows) control.LearnStep(rows, curve(rows));
  }
}

/// Feed `drafts` drafts of eight tokens, each accepted with `rate`.
void Feed(LengthControl& control, DraftHistory& history, double rate, int drafts, std::mt19937& engine) {
  for (int i = 0; i < drafts; ++i) {
    size_t accepted = 0;
    while (accepted < 8 && std::bernoulli_distribution(rate)(engine)) ++accepted;
    control.LearnDraft(history, 8, 8, accepted);
  }
}

TEST(StepCost, GivesBackTheCurveItWasTaught) {
  const Curve curve;
  StepCost cost;
  EXPECT_FALSE(cost.known());
  EXPECT_EQ(cost.Seconds(3), 0);
  for (int round = 0; round < 3; ++round) {
    for (const size_t rows : {1, 4, 8, 16, 64}) cost.Learn(rows, curve(rows));
  }
  for (const size_t rows : {1, 2, 4, 6, 8, 12, 16, 40, 64, 100}) {
    EXPECT_NEAR(cost.Seconds(rows) / curve(rows), 1, 0.02) << rows;
  }
}

TEST(StepCost, SmallerStepsThanWereSeenArePromisedToBeShorter) {
  StepCost cost;
  cost.Learn(20, 0.02);
  EXPECT_NEAR(cost.Seconds(10), 0.01, 1e-9);
  EXPECT_NEAR(cost.Seconds(30), 0.02, 1e-9);
}

TEST(StepCost, NeverFallsAndFollowsTheMachine) {
  const Curve curve;
  StepCost cost;
  std::mt19937 engine(3);
  std::lognormal_distribution<double> noise(0, 0.2);
  for (int i = 0; i < 2000; ++i) {
    const size_t rows = 1 + engine() % 40;
    cost.Learn(rows, curve(rows) * noise(engine));
  }
  for (size_t rows = 1; rows < 40; ++rows) EXPECT_LE(cost.Seconds(rows), cost.Seconds(rows + 1));
  // Half as fast from now on, seen in steps of one row alone: the others are expected to be half as fast too.
  for (int i = 0; i < 60; ++i) cost.Learn(1, 2 * curve(1));
  EXPECT_NEAR(cost.Seconds(20) / (2 * curve(20)), 1, 0.25);
}

TEST(StepCost, AStepThatWasHeldUpIsLeftOut) {
  StepCost cost;
  for (int i = 0; i < 10; ++i) cost.Learn(4, 0.004);
  cost.Learn(4, 1.0);
  EXPECT_NEAR(cost.Seconds(4), 0.004, 1e-6);
}

TEST(LengthControl, VerifiesAllBeforeItKnowsWhatAStepCosts) {
  LengthControl control;
  DraftHistory history;
  std::vector<Sequence> sequences = {{1, 5, &history}};
  control.Choose(sequences);
  EXPECT_EQ(sequences[0].length, 5U);
}

TEST(LengthControl, LongDraftsWhereTheyStandAndNoneWhereTheyFall) {
  LengthControl control;
  Teach(control, Curve{.slope = 0.05}, 40);
  std::mt19937 engine(1);
  DraftHistory good, bad;
  Feed(control, good, 0.97, 40, engine);
  Feed(control, bad, 0.02, 40, engine);
  std::vector<Sequence> alone = {{1, 8, &good}};
  control.Choose(alone);
  EXPECT_EQ(alone[0].length, 8U);
  // In a batch whose rows all cost, the bad one's tokens are left out and the good one's are not.
  std::vector<Sequence> both = {{1, 8, &good}, {1, 8, &bad}};
  for (int i = 0; i < 6; ++i) both.push_back({1, 0, &bad});
  control.Choose(both);
  EXPECT_GE(both[0].length, 4U);
  EXPECT_EQ(both[1].length, 0U);
}

TEST(LengthControl, NoneWhereARowCostsAsMuchAsAToken) {
  LengthControl control;
  Teach(control, Curve{.flat = 0, .slope = 10}, 40);  // a step's time is nearly all rows
  std::mt19937 engine(1);
  DraftHistory history;
  Feed(control, history, 0.8, 40, engine);
  std::vector<Sequence> sequences = {{1, 8, &history}};
  control.Choose(sequences);
  EXPECT_EQ(sequences[0].length, 0U);
}

TEST(LengthControl, TheChosenLengthsAreTheBestOfAll) {
  const Curve curve{.flat = 3, .slope = 0.25};
  std::mt19937 engine(7);
  for (int round = 0; round < 50; ++round) {
    LengthControl control;
    Teach(control, curve, 30);
    DraftHistory histories[2];
    for (DraftHistory& history : histories) {
      Feed(control, history, std::uniform_real_distribution<double>(0.1, 0.99)(engine), 20, engine);
    }
    std::vector<Sequence> sequences = {{1, 6, &histories[0]}, {2, 6, &histories[1]}};
    control.Choose(sequences);
    const auto expected = [&](size_t s, size_t length) {
      double sum = 1, chance = 1;
      for (size_t place = 0; place < length; ++place) sum += chance *= control.Chance(histories[s], place);
      return sum;
    };
    const auto goodput = [&](size_t a, size_t b) {
      return (expected(0, a) + expected(1, b)) / control.cost().Seconds(3 + a + b);
    };
    double best = 0;
    for (size_t a = 0; a <= 6; ++a) {
      for (size_t b = 0; b <= 6; ++b) best = std::max(best, goodput(a, b));
    }
    EXPECT_GE(goodput(sequences[0].length, sequences[1].length), best / 1.011) << "round " << round;
  }
}

TEST(LengthControl, TriesAgainAfterAWhile) {
  LengthControl control;
  Teach(control, Curve{.flat = 0, .slope = 1}, 20);
  std::mt19937 engine(1);
  DraftHistory history;
  Feed(control, history, 0.0, 40, engine);
  size_t tries = 0;
  for (int i = 0; i < 170; ++i) {
    std::vector<Sequence> sequences = {{1, 8, &history}};
    control.Choose(sequences);
    EXPECT_LE(sequences[0].length, 1U);
    tries += sequences[0].length;
    control.LearnDraft(history, 8, sequences[0].length, 0);
  }
  EXPECT_EQ(tries, 10U);
}

TEST(LengthControl, AnEmptyStepAndRowsWithoutDraftsAreAllRight) {
  LengthControl control;
  control.Choose({});
  DraftHistory history;
  std::vector<Sequence> sequences = {{1, 0, &history}, {400, 0, &history}};
  control.Choose(sequences);
  EXPECT_EQ(sequences[0].length + sequences[1].length, 0U);
}

}  // namespace
}  // namespace retort_stages

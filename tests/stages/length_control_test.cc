// The control of draft lengths against curves of cost and rates of acceptance that are known.
#include "plugins/shared/verifying/length_control.h"

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
  for (int round = 0; round < 60; ++round) {
    for (size_t rows = 1; rows <= most; ++rows) control.LearnStep(rows, curve(rows));
  }
}

/// Feed `drafts` drafts of eight tokens, each accepted with `rate`.
void Feed(LengthControl& control, DraftHistory& history, double rate, int drafts, std::mt19937& engine) {
  for (int i = 0; i < drafts; ++i) {
    std::vector<int> path;
    while (path.size() < 8 && std::bernoulli_distribution(rate)(engine)) path.push_back(static_cast<int>(path.size()));
    control.LearnDraft(history, false, 8, path);
  }
}

TEST(StepCost, GivesBackTheCurveItWasTaught) {
  const Curve curve;
  StepCost cost;
  EXPECT_FALSE(cost.known());
  EXPECT_EQ(cost.Seconds(3), 0);
  for (int round = 0; round < 60; ++round) {
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
      for (size_t place = 0; place < length; ++place) sum += chance *= control.Chance(histories[s], false, place);
      return sum;
    };
    const auto goodput = [&](size_t a, size_t b) {
      return (expected(0, a) + expected(1, b)) / control.cost().Seconds(3 + a + b);
    };
    double best = 0;
    for (size_t a = 0; a <= 6; ++a) {
      for (size_t b = 0; b <= 6; ++b) best = std::max(best, goodput(a, b));
    }
    EXPECT_GE(goodput(sequences[0].length, sequences[1].length), best / 1.021) << "round " << round;
  }
}

// What does not pay is tried as often as 1.5 % of the time pay for.
TEST(LengthControl, TryingCostsASmallShareOfTheTime) {
  const Curve curve{.flat = 0, .slope = 1};
  for (const double token_seconds : {0.0, 0.002}) {
    LengthControl control;
    Teach(control, curve, 20);
    std::mt19937 engine(1);
    DraftHistory history;
    Feed(control, history, 0.0, 40, engine);
    double price = 0, time = 0;
    for (int i = 0; i < 20000; ++i) {
      if (i == 10000) price = time = 0;  // what was saved up before is spent
      std::vector<Sequence> sequences = {
          {.rows = 1, .offered = 8, .history = &history, .token_seconds = token_seconds}};
      control.Choose(sequences);
      const size_t length = sequences[0].length;
      ASSERT_LE(length, 1U);
      control.LearnStep(1 + length, curve(1 + length));
      control.LearnDraft(history, false, length, {});
      time += curve(1 + length);
      price += length > 0 ? curve(2) - curve(1) + token_seconds : 0;
    }
    EXPECT_GT(price / time, 0.005);
    EXPECT_LT(price / time, 0.02);
  }
}

// A drafter whose tokens cost half a step each: drafting ends where a token brings less than it costs.
TEST(LengthControl, WhatDraftingCostsShortensDrafts) {
  const Curve curve{.slope = 0.02};
  std::mt19937 engine(2);
  LengthControl control;
  Teach(control, curve, 40);
  DraftHistory history;
  Feed(control, history, 0.9, 60, engine);
  size_t last = 9;
  for (const double share : {0.0, 0.1, 0.3, 0.6, 1.2}) {
    std::vector<Sequence> sequences = {
        {.rows = 1, .offered = 8, .history = &history, .token_seconds = share * curve(1)}};
    control.Choose(sequences);
    const size_t length = sequences[0].length;
    EXPECT_LE(length, last) << share;
    const auto speed = [&](size_t tokens) {
      double sum = 1, chance = 1;
      for (size_t place = 0; place < tokens; ++place) sum += chance *= control.Chance(history, false, place);
      return sum / (control.cost().Seconds(1 + tokens) + static_cast<double>(tokens) * share * curve(1));
    };
    for (size_t other = 0; other <= 8; ++other) EXPECT_GE(speed(length), speed(other) / 1.011) << share << ' ' << other;
    last = length;
  }
  EXPECT_EQ(last, 0U);  // more than a step each
}

// Of a tree each node has a chance of its own, and those of the likeliest beginning are kept.
TEST(LengthControl, TreesAreCutToTheNodesThatPay) {
  const Curve curve{.flat = 1, .slope = 0.2};
  LengthControl control;
  Teach(control, curve, 40);
  DraftHistory history;
  // Nodes 0 and 1 are siblings, 2 a child of 0, 3 of 1: 0 stands in 6 of 10 steps, its child with it in 3; 1 in 3.
  for (int i = 0; i < 300; ++i) {
    const std::vector<int> path = i % 10 < 3   ? std::vector<int>{0, 2}
                                  : i % 10 < 6 ? std::vector<int>{0}
                                  : i % 10 < 9 ? std::vector<int>{1}
                                               : std::vector<int>{};
    control.LearnDraft(history, true, 4, path);
  }
  EXPECT_NEAR(control.Chance(history, true, 0), 0.6, 0.15);
  EXPECT_NEAR(control.Chance(history, true, 1), 0.3, 0.15);
  EXPECT_LT(control.Chance(history, true, 3), 0.1);
  std::vector<Sequence> sequences = {{.rows = 1, .offered = 4, .history = &history, .tree = true}};
  control.Choose(sequences);
  EXPECT_GE(sequences[0].length, 1U);
  EXPECT_LE(sequences[0].length, 3U);
}

// A window of guesses: none of its tokens is likely by itself, all of them together give most of a token a step.
TEST(LengthControl, ADraftThatHelpsAsAWholeIsTakenWholeOrNotAtAll) {
  for (const bool pays : {true, false}) {
    LengthControl control;
    const Curve curve = pays ? Curve{.flat = 16, .slope = 1} : Curve{.flat = 1, .slope = 0.3};
    Teach(control, curve, 40);
    DraftHistory history;
    // Of twelve nodes 0 and 1 are a chain, and stand in every other step; the others never do.
    for (int i = 0; i < 200; ++i)
      control.LearnDraft(history, true, 12, i % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{});
    std::vector<Sequence> sequences = {{.rows = 1, .offered = 12, .history = &history, .tree = true, .whole = true}};
    control.Choose(sequences);
    EXPECT_EQ(sequences[0].length, pays ? 12U : 0U);
    size_t tried = 0;
    for (int i = 0; i < 2000; ++i) {
      control.LearnStep(1, curve(1));
      control.LearnDraft(history, true, sequences[0].length, {});
      control.Choose(sequences);
      ASSERT_TRUE(sequences[0].length == 0 || sequences[0].length == 12) << sequences[0].length;
      tried += sequences[0].length > 0 ? 1 : 0;
    }
    EXPECT_GT(tried, 0U) << "what does not pay is tried again";
  }
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

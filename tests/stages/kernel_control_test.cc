// How many sparse tokens pay, and how strict a check is, by what was rolled back lately.
#include "plugins/correct/kernel_control.h"

#include <gtest/gtest.h>

#include <cmath>

namespace correcting {
namespace {

/// Tokens a parameter read, for `sparse` tokens that stand with chance p each if those before do.
double Rate(double p, double density, int sparse) {
  double tokens = 1, stands = 1;
  for (int i = 0; i < sparse; ++i) tokens += stands *= p;
  return tokens / (sparse * density + 1);
}

TEST(KernelControl, TakesTheNumberOfTokensWithTheBestRate) {
  const KernelControl control(false);
  for (const double p : {0.5, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    for (const double density : {0.3, 0.6, 0.8, 0.95}) {
      const size_t best = control.Best(p, {.step_density = density}, 1);
      for (int sparse = 0; sparse <= 63; ++sparse)
        EXPECT_GE(Rate(p, density, static_cast<int>(best)), Rate(p, density, sparse) - 1e-12) << p << " " << density;
    }
  }
  EXPECT_EQ(control.Best(0.7, {.step_density = 0.8}, 1), 0u);  // a token costs more than it gives
  EXPECT_EQ(control.Best(1, {.step_density = 0.8}, 1), 63u);
}

TEST(KernelControl, ByTheClockASlowDrafterGetsNothing) {
  KernelControl control(true);
  const KernelControl::Drafter cheap = {.step_density = 0.8, .token_seconds = 0.003};
  const KernelControl::Drafter dear = {.step_density = 0.1, .token_seconds = 0.02};
  // Nothing is known of time yet: parameters count.
  EXPECT_GT(control.Best(0.95, dear, 1), control.Best(0.95, cheap, 1));
  for (int i = 0; i < 50; ++i) {
    for (const size_t rows : {size_t{1}, size_t{2}, size_t{4}, size_t{8}})
      control.LearnStep(rows, 0.01 + 0.0002 * static_cast<double>(rows));
  }
  EXPECT_GT(control.Best(0.95, cheap, 1), 0u);
  EXPECT_EQ(control.Best(0.95, dear, 1), 0u);
}

TEST(RecentChecks, TheChanceFollowsWhatStood) {
  RecentChecks good, bad;
  const double before = good.chance();
  for (int i = 0; i < 20; ++i) {
    good.Learn(7, 7);
    bad.Learn(7, 1);
  }
  EXPECT_GT(good.chance(), before);
  EXPECT_GT(good.chance(), 0.98);
  EXPECT_LT(bad.chance(), 0.7);  // one of two that were looked at, drawn towards what a new record has
  EXPECT_GT(bad.chance(), 0.4);
}

TEST(RecentChecks, TheThresholdGoesFromCalmToStrictWithTheShareOfRollbacks) {
  RecentChecks recent;
  EXPECT_EQ(recent.Threshold(0.1, 0.5), 0.1);
  double last = 0.1;
  for (int i = 0; i < 40; ++i) {
    recent.Learn(7, 3);
    const double now = recent.Threshold(0.1, 0.5);
    EXPECT_GT(now, last);
    last = now;
  }
  EXPECT_NEAR(last, 0.5, 1e-3);
  for (int i = 0; i < 40; ++i) recent.Learn(7, 7);
  EXPECT_NEAR(recent.Threshold(0.1, 0.5), 0.1, 1e-3);
  recent.Learn(0, 0);  // a plain step says nothing
  EXPECT_NEAR(recent.Threshold(0.1, 0.5), 0.1, 1e-3);
  EXPECT_EQ(recent.Threshold(0, 0.5), 0);  // everything stands
}

}  // namespace
}  // namespace correcting

#include "core/model/rope.h"

#include <cmath>

#include <gtest/gtest.h>

namespace retort {
namespace {

using Kind = RopeScaling::Kind;

TEST(InverseFrequencies, FallGeometricallyFromOne) {
  const auto values = InverseFrequencies(10000, 8, {});
  ASSERT_EQ(values.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(values[static_cast<size_t>(i)], std::pow(10.0, -i));
}

TEST(InverseFrequencies, LinearDividesAll) {
  const auto plain = InverseFrequencies(500, 16, {}), scaled = InverseFrequencies(500, 16, {Kind::kLinear, 4});
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_DOUBLE_EQ(scaled[i], plain[i] / 4);
}

TEST(InverseFrequencies, Llama3KeepsFastOnesAndDividesSlowOnes) {
  RopeScaling scaling{Kind::kLlama3, 8, 8192};
  const auto plain = InverseFrequencies(500000, 128, {}), scaled = InverseFrequencies(500000, 128, scaling);
  EXPECT_DOUBLE_EQ(scaled.front(), plain.front());
  EXPECT_DOUBLE_EQ(scaled.back(), plain.back() / 8);
  int between = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(scaled[i], plain[i]);
    EXPECT_GE(scaled[i], plain[i] / 8 * (1 - 1e-12));
    between += scaled[i] < plain[i] * 0.999 && scaled[i] > plain[i] / 8 * 1.001;
  }
  EXPECT_GT(between, 3);
}

TEST(InverseFrequencies, YarnRampsOverDimensions) {
  RopeScaling scaling{Kind::kYarn, 4, 32768};
  const auto plain = InverseFrequencies(1e6, 128, {}), scaled = InverseFrequencies(1e6, 128, scaling);
  // The bounds for 32 turns and 1: dimensions 23.6 and 39.6, rounded outwards.
  EXPECT_DOUBLE_EQ(scaled[23], plain[23]);
  EXPECT_LT(scaled[24], plain[24]);
  EXPECT_GT(scaled[39], plain[39] / 4);
  EXPECT_DOUBLE_EQ(scaled[40], plain[40] / 4);
  EXPECT_NEAR(YarnAttentionFactor(4), 1.1386294, 1e-6);
  EXPECT_EQ(YarnAttentionFactor(1), 1);
}

TEST(InverseFrequencies, YarnOfEqualBoundsStaysFinite) {
  RopeScaling scaling{Kind::kYarn, 2, 1};
  for (const double value : InverseFrequencies(10000, 8, scaling)) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace retort

// Passes over rows of logits: every instruction set gives the bits of the plain loops below.
#include "core/model/logit_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "tests/ops/simd_targets.h"

namespace retort {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kSizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1023, 49152, 49155};

std::vector<float> Logits(size_t size, uint64_t seed) {
  std::vector<float> logits(size);
  for (size_t i = 0; i < size; ++i) {
    logits[i] = static_cast<float>(RandomUniform({.seed = seed, .position = i}) * 40 - 20);
  }
  return logits;
}

float Exp(float x) {
  if (!(x > -87.0f)) return 0;
  const float shifted = x * 1.44269504088896341f + 12582912.0f, n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  for (const float term : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
    p = p * r + term;
  }
  return std::ldexp(p * r * r + r + 1.0f, static_cast<int>(n));
}

TEST(LogitRow, ThePeakIsTheFirstOfTheLargest) {
  ForEachTarget([] {
    for (const size_t size : kSizes) {
      std::vector<float> logits = Logits(size, size);
      const auto expected = std::max_element(logits.begin(), logits.end());
      RowPeak peak = FindPeak(logits);
      EXPECT_EQ(peak.token, expected - logits.begin()) << size;
      EXPECT_EQ(peak.logit, *expected) << size;
      EXPECT_TRUE(peak.sound);
      logits.back() = logits[size / 2] = 50;
      EXPECT_EQ(FindPeak(logits).token, static_cast<int32_t>(size / 2)) << size;
    }
  });
}

TEST(LogitRow, RowsThatAreNoLogitsAreTold) {
  ForEachTarget([] {
    for (const size_t size : kSizes) {
      for (const size_t place : {size_t{0}, size / 2, size - 1}) {
        std::vector<float> logits = Logits(size, size);
        logits[place] = -kInfinity;
        EXPECT_TRUE(FindPeak(logits).sound);
        EXPECT_EQ(FindPeak(logits).token < 0, size == 1);
        for (const float bad : {kInfinity, std::nanf(""), -std::nanf("")}) {
          logits[place] = bad;
          EXPECT_FALSE(FindPeak(logits).sound) << bad << " at " << place << " of " << size;
        }
      }
      EXPECT_EQ(FindPeak(std::vector<float>(size, -kInfinity)).token, -1);
    }
  });
}

TEST(LogitRow, WeightsAndSumsAreTheSameBitsOnEveryTarget) {
  for (const size_t size : kSizes) {
    std::vector<float> logits = Logits(size, size);
    logits[size / 2] = -300;  // the power of two of its weight would be none
    const float peak = *std::max_element(logits.begin(), logits.end());
    std::vector<float> expected(size);
    for (size_t i = 0; i < size; ++i) expected[i] = Exp((logits[i] - peak) * 1.25f);
    double lanes[16] = {}, sum = 0;
    for (size_t i = 0; i < size; ++i) lanes[i < size / 16 * 16 ? i % 16 : 0] += static_cast<double>(expected[i]);
    for (const double lane : lanes) sum += lane;
    ForEachTarget([&] {
      std::vector<float> weights(size);
      ExpWeights(logits, peak, 1.25f, weights.data());
      for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(std::bit_cast<uint32_t>(weights[i]), std::bit_cast<uint32_t>(expected[i])) << i << " of " << size;
        ASSERT_NEAR(static_cast<double>(weights[i]), std::exp(static_cast<double>((logits[i] - peak) * 1.25f)), 2e-5);
      }
      EXPECT_EQ(SumWeights(weights), sum) << size;
    });
  }
}

}  // namespace
}  // namespace retort

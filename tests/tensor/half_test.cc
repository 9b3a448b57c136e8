#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "core/tensor/dtype.h"

namespace retort {
namespace {

/// The value of a finite half by its definition.
double HalfValue(uint16_t h) {
  const int exponent = (h >> 10) & 31, mantissa = h & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}
bool IsFinite(uint16_t h) { return (h & 0x7C00) != 0x7C00; }

TEST(Half, EveryHalfBecomesItsValueAndComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto h = static_cast<uint16_t>(bits);
    const float f = HalfToFloat(h);
    if (IsFinite(h)) {
      ASSERT_EQ(static_cast<double>(f), HalfValue(h)) << std::hex << bits;
      ASSERT_EQ(FloatToHalf(f), h) << std::hex << bits;
    } else if (h & 0x3FF) {
      ASSERT_TRUE(std::isnan(f)) << std::hex << bits;
      ASSERT_TRUE((FloatToHalf(f) & 0x3FF) != 0 && !IsFinite(FloatToHalf(f))) << std::hex << bits;
    } else {
      ASSERT_TRUE(std::isinf(f)) << std::hex << bits;
      ASSERT_EQ(FloatToHalf(f), h) << std::hex << bits;
    }
  }
}

TEST(Half, FloatsRoundToTheNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7BFF; ++bits) {  // each positive finite half and its upper neighbour
    const auto low = static_cast<uint16_t>(bits);
    const auto high = static_cast<uint16_t>(bits + 1);
    const float middle = static_cast<float>((HalfValue(low) + HalfValue(high)) / 2);  // exact in float
    ASSERT_EQ(FloatToHalf(middle), bits % 2 == 0 ? low : high) << std::hex << bits;
    ASSERT_EQ(FloatToHalf(std::nextafter(middle, 0.0f)), low) << std::hex << bits;
    ASSERT_EQ(FloatToHalf(std::nextafter(middle, 1e9f)), high) << std::hex << bits;
    ASSERT_EQ(FloatToHalf(-middle), FloatToHalf(middle) | 0x8000) << std::hex << bits;
  }
}

TEST(Half, WhatIsTooLargeBecomesInfinity) {
  EXPECT_EQ(FloatToHalf(65504.0f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65519.99f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7C00);
  EXPECT_EQ(FloatToHalf(-1e30f), 0xFC00);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_EQ(FloatToHalf(1e-30f), 0);
}

TEST(BFloat16, EveryValueComesBackAndTiesGoToEven) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto b = static_cast<uint16_t>(bits);
    const float f = BFloat16ToFloat(b);
    if (std::isnan(f)) {
      ASSERT_TRUE(std::isnan(BFloat16ToFloat(FloatToBFloat16(f)))) << std::hex << bits;
      continue;
    }
    ASSERT_EQ(FloatToBFloat16(f), b) << std::hex << bits;
    if (std::isinf(f)) continue;
    const uint32_t tie = (bits << 16) | 0x8000;
    ASSERT_EQ(FloatToBFloat16(std::bit_cast<float>(tie)), bits + (bits & 1)) << std::hex << bits;
    ASSERT_EQ(FloatToBFloat16(std::bit_cast<float>(tie - 1)), bits) << std::hex << bits;
    ASSERT_EQ(FloatToBFloat16(std::bit_cast<float>(tie + 1)), bits + 1) << std::hex << bits;
  }
}

}  // namespace
}  // namespace retort

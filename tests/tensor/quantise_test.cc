#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "core/tensor/blocks.h"
#include "core/tensor/dtype.h"

namespace retort {
namespace {

// What llama.cpp's own `gguf` package (gguf.quants.quantize, 0.17) makes of 96 values: x[i] = ((i * 7919) % 2003 -
// 1001) / 64, and 0 from i = 64 on.
const std::vector<uint8_t> kQ8_0 = {0xe2, 0x2f, 0x81, 0x73, 0x68, 0x5c, 0x50, 0x44, 0x38, 0x2d, 0x21, 0x15, 0x09, 0xfd,
                                    0xf2, 0xe6, 0xda, 0xce, 0xc2, 0xb7, 0xab, 0x9f, 0x93, 0x87, 0x7a, 0x6e, 0x62, 0x56,
                                    0x4a, 0x3f, 0x33, 0x27, 0x1b, 0x0f, 0xd4, 0x2f, 0x04, 0xf8, 0xec, 0xe0, 0xd4, 0xc8,
                                    0xbc, 0xb1, 0xa5, 0x99, 0x8d, 0x81, 0x75, 0x69, 0x5d, 0x51, 0x46, 0x3a, 0x2e, 0x22,
                                    0x16, 0x0a, 0xfe, 0xf2, 0xe6, 0xdb, 0xcf, 0xc3, 0xb7, 0xab, 0x9f, 0x93};
const std::vector<uint8_t> kQ4_0 = {0xd2, 0x3f, 0x40, 0x3f, 0x3f, 0x2e, 0x1d, 0x0c, 0xfc, 0xfb, 0xea, 0xd9,
                                    0xd9, 0xc8, 0xb7, 0xa6, 0xa6, 0x95, 0xc4, 0x3f, 0xc8, 0xc7, 0xb7, 0xa6,
                                    0x95, 0x94, 0x84, 0x73, 0x62, 0x61, 0x51, 0x40, 0x3f, 0x3f, 0x2e, 0x1d};
const std::vector<uint8_t> kQ4_1 = {0x15, 0x40, 0xd2, 0xcb, 0x40, 0x3f, 0x3e, 0x2d, 0x1c, 0x0c, 0xfb, 0xea, 0xea, 0xd9,
                                    0xc8, 0xb7, 0xb7, 0xa6, 0x95, 0x95, 0xf5, 0x3f, 0xc4, 0xcb, 0xc8, 0xb7, 0xb7, 0xa6,
                                    0x95, 0x84, 0x84, 0x73, 0x62, 0x61, 0x51, 0x40, 0x3f, 0x3e, 0x2e, 0x1d};

std::vector<float> GoldenInput() {
  std::vector<float> x(96, 0.0f);
  for (int i = 0; i < 64; ++i) x[static_cast<size_t>(i)] = static_cast<float>((i * 7919) % 2003 - 1001) / 64;
  return x;
}

std::vector<uint8_t> Quantised(DType type, const std::vector<float>& x) {
  std::vector<uint8_t> bytes(DTypeRowBytes(type, static_cast<int64_t>(x.size())));
  QuantiseRow(type, x.data(), bytes.data(), static_cast<int64_t>(x.size()));
  return bytes;
}

std::vector<float> RoundTrip(DType type, const std::vector<float>& x) {
  std::vector<float> back(x.size());
  DequantiseRow(type, Quantised(type, x).data(), back.data(), static_cast<int64_t>(x.size()));
  return back;
}

TEST(Quantise, MakesTheBytesOfTheReference) {
  const std::pair<DType, std::vector<uint8_t>> cases[] = {
      {DType::kQ8_0, kQ8_0}, {DType::kQ4_0, kQ4_0}, {DType::kQ4_1, kQ4_1}};
  for (const auto& [type, two_blocks] : cases) {
    std::vector<uint8_t> expected = two_blocks;
    expected.resize(two_blocks.size() / 2 * 3, type == DType::kQ4_0 ? 0x88 : 0x00);  // the block of zeros
    std::vector<uint8_t> got = Quantised(type, GoldenInput());
    if (type == DType::kQ4_0) {  // d is a zero of either sign
      expected[36] = expected[37] = 0;
      got[37] &= 0x7F;
    }
    EXPECT_EQ(got, expected) << DTypeName(type);
  }
}

TEST(Quantise, ErrorsStayWithinHalfAStep) {
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(32 * 400);
  for (size_t i = 0; i < x.size(); ++i) x[i] = normal(engine) * std::exp2(static_cast<float>(i / 32 % 20) - 10);
  for (const DType type : {DType::kQ8_0, DType::kQ4_0, DType::kQ4_1}) {
    const std::vector<float> back = RoundTrip(type, x);
    for (size_t block = 0; block < x.size(); block += 32) {
      const auto [low, high] =
          std::minmax_element(x.begin() + static_cast<long>(block), x.begin() + static_cast<long>(block) + 32);
      const float largest = std::max(std::fabs(*low), std::fabs(*high));
      // q4_0 has 16 levels from -8 to 7, so the far end may be a whole step off. The scale is rounded to 11 bits.
      const float step = type == DType::kQ8_0   ? largest / 127
                         : type == DType::kQ4_0 ? largest / 8
                                                : (*high - *low) / 15;
      const float bound = step * (type == DType::kQ4_0 ? 1.0f : 0.5f) + largest * 0x1p-10f;
      for (size_t i = block; i < block + 32; ++i) {
        ASSERT_LE(std::fabs(x[i] - back[i]), bound)
            << DTypeName(type) << " element " << i << " is " << x[i] << ", came back as " << back[i];
      }
    }
  }
}

TEST(Quantise, WhatIsOnTheGridComesBackExactly) {
  std::vector<float> x(32);
  for (int i = 0; i < 32; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i % 16 - 8) * 0.25f;
  EXPECT_EQ(RoundTrip(DType::kQ4_0, x), x);
  EXPECT_EQ(RoundTrip(DType::kQ4_1, x), x);
  for (int i = 0; i < 32; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i * 8 - 127) * 0.5f;
  EXPECT_EQ(RoundTrip(DType::kQ8_0, x), x);
}

TEST(Quantise, FloatTypesRoundElementByElement) {
  const std::vector<float> x = {0.0f, -0.0f, 1.0f, 0.1f, -3.14159f, 1e-8f, 60000.0f};
  EXPECT_EQ(RoundTrip(DType::kF32, x), x);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(RoundTrip(DType::kF16, x)[i], HalfToFloat(FloatToHalf(x[i])));
    EXPECT_EQ(RoundTrip(DType::kBF16, x)[i], BFloat16ToFloat(FloatToBFloat16(x[i])));
  }
}

TEST(Dequantise, ReadsNibblesAsGgufOrdersThem) {
  BlockQ4_1 block{FloatToHalf(2.0f), FloatToHalf(-1.0f), {}};
  for (int i = 0; i < 16; ++i) block.q[i] = static_cast<uint8_t>(i | ((15 - i) << 4));
  float x[32];
  DequantiseRow(DType::kQ4_1, &block, x, 32);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(x[i], 2.0f * static_cast<float>(i) - 1.0f);
    EXPECT_EQ(x[i + 16], 2.0f * static_cast<float>(15 - i) - 1.0f);
  }
  const int32_t ints[] = {-5, 7};
  DequantiseRow(DType::kI32, ints, x, 2);
  EXPECT_EQ(x[0], -5.0f);
  EXPECT_EQ(x[1], 7.0f);
}

}  // namespace
}  // namespace retort

// Quantised blocks against llama.cpp's own (tests/golden/make_quants.py).
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/tensor/dtype.h"

namespace retort {
namespace {

std::vector<uint8_t> Bytes(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// The samples of make_quants.py.
std::vector<float> Samples(size_t count) {
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) {
    const auto total = static_cast<int64_t>(i * 7919 % 2003 + i * 104729 % 1999 + i * 1299709 % 1997) - 2999;
    x[i] = static_cast<float>(total) / 1024;
  }
  return x;
}

template <typename Check>
void ForEachType(Check check) {
  std::ifstream in(RETORT_SOURCE_DIR "/tests/golden/quants.json");
  ASSERT_TRUE(in);
  const auto golden = nlohmann::json::parse(in);
  EXPECT_EQ(golden["types"].size(), 8U);
  for (const auto& [name, expected] : golden["types"].items()) {
    SCOPED_TRACE(name);
    const auto type = DTypeFromName(name);
    ASSERT_TRUE(type.ok()) << type.status().ToString();
    check(*type, expected);
  }
}

TEST(QuantiseGolden, BlocksHaveTheValuesThatLlamaCppReads) {
  ForEachType([](DType type, const nlohmann::json& golden) {
    const std::vector<uint8_t> block = Bytes(golden["block"]), bytes = Bytes(golden["values"]);
    ASSERT_EQ(block.size(), DTypeBlockBytes(type));
    std::vector<float> expected(bytes.size() / 4), got(expected.size());
    ASSERT_EQ(static_cast<int>(expected.size()), DTypeBlockElements(type));
    std::memcpy(expected.data(), bytes.data(), bytes.size());
    DequantiseRow(type, block.data(), got.data(), static_cast<int64_t>(got.size()));
    EXPECT_EQ(got, expected);
  });
}

TEST(QuantiseGolden, BlocksOf32AreRoundedToTheSameBytes) {
  ForEachType([](DType type, const nlohmann::json& golden) {
    if (!golden.contains("rounded")) return;
    std::vector<uint8_t> got(DTypeRowBytes(type, 64));
    QuantiseRow(type, Samples(64).data(), got.data(), 64);
    EXPECT_EQ(got, Bytes(golden["rounded"]));
  });
}

TEST(QuantiseGolden, RoundingLeavesNoLargerErrorThanLlamaCpp) {
  const std::vector<float> x = Samples(16 * 256);
  const auto count = static_cast<int64_t>(x.size());
  ForEachType([&](DType type, const nlohmann::json& golden) {
    std::vector<uint8_t> bytes(DTypeRowBytes(type, count));
    std::vector<float> back(x.size());
    QuantiseRow(type, x.data(), bytes.data(), count);
    DequantiseRow(type, bytes.data(), back.data(), count);
    double error = 0, square = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      error += std::pow(static_cast<double>(back[i]) - x[i], 2);
      square += std::pow(static_cast<double>(x[i]), 2);
    }
    RecordProperty(std::string(DTypeName(type)), std::to_string(std::sqrt(error / square)));
    EXPECT_LT(std::sqrt(error / square), 1.02 * golden["error"].get<double>());
  });
}

}  // namespace
}  // namespace retort

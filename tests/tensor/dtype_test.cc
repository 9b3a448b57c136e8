#include "core/tensor/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr DType kAll[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0, DType::kQ4_0, DType::kQ4_1,
                          DType::kQ5_0, DType::kQ5_1, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kI32};

TEST(DType, NamesComeBack) {
  for (const DType type : kAll) {
    const auto parsed = DTypeFromName(DTypeName(type));
    ASSERT_TRUE(parsed.ok()) << DTypeName(type);
    EXPECT_EQ(*parsed, type);
  }
}

TEST(DType, AnUnknownNameIsRefusedWithTheKnownOnes) {
  const Status status = DTypeFromName("q3_k").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("'q3_k'"));
  for (const DType type : kAll) EXPECT_THAT(status.message(), HasSubstr(std::string(DTypeName(type))));
}

TEST(DType, RowBytesAreThoseOfGguf) {
  EXPECT_EQ(DTypeRowBytes(DType::kF32, 576), 2304U);
  EXPECT_EQ(DTypeRowBytes(DType::kF16, 576), 1152U);
  EXPECT_EQ(DTypeRowBytes(DType::kBF16, 3), 6U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ8_0, 576), 18 * 34U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ4_0, 576), 18 * 18U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ4_1, 576), 18 * 20U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ5_0, 576), 18 * 22U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ5_1, 576), 18 * 24U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ4_K, 512), 2 * 144U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ5_K, 512), 2 * 176U);
  EXPECT_EQ(DTypeRowBytes(DType::kQ6_K, 512), 2 * 210U);
  for (const DType type : kAll) {
    const int size = DTypeBlockElements(type);
    EXPECT_EQ(DTypeIsQuantised(type), size > 1) << DTypeName(type);
    EXPECT_TRUE(size == 1 || size == 32 || size == 256) << DTypeName(type);
  }
}

}  // namespace
}  // namespace retort

#include "core/tensor/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr DType kAll[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0,
                          DType::kQ4_0, DType::kQ4_1, DType::kI32};

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
  for (const DType type : kAll) EXPECT_EQ(DTypeBlockElements(type), DTypeIsQuantised(type) ? 32 : 1) << DTypeName(type);
}

}  // namespace
}  // namespace retort

#include "retort/status.h"

#include <gtest/gtest.h>

#include <memory>

namespace retort {
namespace {

Result<int> Half(int x) {
  if (x % 2 != 0) return InvalidArgument("x: expected an even number, got " + std::to_string(x));
  return x / 2;
}

Status Quarter(int x, int* out) {
  RETORT_ASSIGN_OR_RETURN(const int half, Half(x));
  RETORT_ASSIGN_OR_RETURN(*out, Half(half));
  return {};
}

TEST(Status, IsOkByDefaultAndPrintsCodeAndMessage) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().ToString(), "ok");
  EXPECT_EQ(NotFound("no such file").ToString(), "not_found: no such file");
}

TEST(Status, AnnotatePutsContextBeforeTheMessageAndKeepsTheCode) {
  const Status status = DataLoss("truncated").Annotate("m.gguf");
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "m.gguf: truncated");
  EXPECT_TRUE(Status().Annotate("m.gguf").ok());
}

TEST(Result, CarriesValueOrStatusThroughTheMacros) {
  int out = 0;
  EXPECT_TRUE(Quarter(8, &out).ok());
  EXPECT_EQ(out, 2);
  EXPECT_EQ(Quarter(6, &out).message(), "x: expected an even number, got 3");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, AnOkStatusWithoutValueIsAnInternalError) {
  EXPECT_EQ(Result<int>(Status()).status().code(), StatusCode::kInternal);
}

TEST(ResultDeathTest, ReadingAFailedResultAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH({ (void)*Half(3); }, "");
}

}  // namespace
}  // namespace retort

#include "core/model/tokenize_lines.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/golden_file.h"

namespace retort {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(TokenizeLines, WritesAnArrayForEachLine) {
  ASSERT_NE(RealTokenizer(), nullptr);
  std::istringstream in("\"The\"\n\"\"\n\"<|im_start|>\\u00e9 42\"\n\"no newline at the end\"");
  std::ostringstream out;
  ASSERT_TRUE(TokenizeLines(*RealTokenizer(), in, out).ok());
  EXPECT_EQ(out.str(), "[504]\n[]\n[1,2756,216,36,34]\n[4607,725,1311,418,260,1112]\n");
}

TEST(TokenizeLines, NamesTheLineThatIsNoJsonString) {
  ASSERT_NE(RealTokenizer(), nullptr);
  for (const std::string bad : {"{", "", "42", "[\"a\"]", "null", "\"open", "\"\\ud800\"", "\"\xff\"", "\"a\" \"b\""}) {
    std::istringstream in("\"The\"\n" + bad + "\n\"The\"\n");
    std::ostringstream out;
    const Status status = TokenizeLines(*RealTokenizer(), in, out);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(status.message(), StartsWith("line 2: expected a JSON string")) << bad;
    EXPECT_EQ(out.str(), "[504]\n");
  }
}

TEST(TokenizeLines, SaysWhenItCannotWrite) {
  ASSERT_NE(RealTokenizer(), nullptr);
  std::istringstream in("\"The\"\n\"The\"\n");
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const Status status = TokenizeLines(*RealTokenizer(), in, out);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("line 1"));
}

}  // namespace
}  // namespace retort

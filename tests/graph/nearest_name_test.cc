#include "core/graph/nearest_name.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

TEST(EditDistance, CountsInsertDeleteReplaceAndSwap) {
  EXPECT_EQ(EditDistance("draft", "draft"), 0u);
  EXPECT_EQ(EditDistance("draft", "drafts"), 1u);
  EXPECT_EQ(EditDistance("draft", "raft"), 1u);
  EXPECT_EQ(EditDistance("draft", "drift"), 1u);
  EXPECT_EQ(EditDistance("draft", "darft"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(EditDistance, TakesUnderscoreAndHyphenAndCaseAsOne) { EXPECT_EQ(EditDistance("Read_JSONL", "read-jsonl"), 0u); }

TEST(EditDistance, BoundsLongNames) {
  const std::string a(1'000'000, 'a'), b(1'000'000, 'b');
  EXPECT_EQ(EditDistance(a, b), 128u);
}

TEST(NearestName, FindsTheClosestOrNothing) {
  const std::vector<std::string> known = {"max_tokens", "model", "temperature", "top_k", "top_p"};
  EXPECT_EQ(NearestName("max_token", known), "max_tokens");
  EXPECT_EQ(NearestName("tempreature", known), "temperature");
  EXPECT_EQ(NearestName("modle", known), "model");
  EXPECT_EQ(NearestName("top-p", known), "top_p");
  EXPECT_EQ(NearestName("temp", known), "temperature");  // it begins so
  EXPECT_EQ(NearestName("colour", known), "");
  EXPECT_EQ(NearestName("x", known), "");
  EXPECT_EQ(NearestName("", known), "");
}

TEST(NameList, ReadsAsASentenceAndHasABound) {
  EXPECT_EQ(NameList({}), "none");
  EXPECT_EQ(NameList({"a"}), "`a`");
  EXPECT_EQ(NameList({"a", "b"}), "`a` or `b`");
  EXPECT_EQ(NameList({"a", "b", "c"}), "`a`, `b` or `c`");
  EXPECT_EQ(NameList({"a", "b", "c"}, 2), "`a`, `b` or 1 more");
}

}  // namespace
}  // namespace retort

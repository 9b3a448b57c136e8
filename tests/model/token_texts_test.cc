#include "core/model/token_texts.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_map>

namespace retort {
namespace {

void Add(TokenTexts& texts, std::string_view text) {
  texts.NewText() += text;
  texts.Add();
}

TEST(TokenTexts, FindsTheTokenThatWasRegisteredFirst) {
  TokenTexts texts(4, 0);
  for (const char* text : {"ab", "", "ab", "abc"}) Add(texts, text);
  EXPECT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts[0], "ab");
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(texts[3], "abc");
  EXPECT_EQ(texts.Find("ab"), -1);
  EXPECT_EQ(texts.Register(2), 2);
  EXPECT_EQ(texts.Register(0), 2);
  EXPECT_EQ(texts.Register(3), 3);
  EXPECT_EQ(texts.Find("ab"), 2);
  EXPECT_EQ(texts.Find("abc"), 3);
  EXPECT_EQ(texts.Find("a"), -1);
  EXPECT_EQ(texts.Find(""), -1);
}

TEST(TokenTexts, IsFoundInWhenItHasNoTokens) { EXPECT_EQ(TokenTexts(0, 0).Find("a"), -1); }

TEST(TokenTexts, DoesAsAMapDoes) {
  constexpr size_t kCount = 20000;
  TokenTexts texts(kCount, 16);
  std::unordered_map<std::string, int32_t> expected;
  std::mt19937 random(3);
  for (size_t i = 0; i < kCount; ++i) Add(texts, std::to_string(random() % kCount));
  for (size_t i = 0; i < kCount; ++i) {
    const auto id = static_cast<int32_t>(i);
    ASSERT_EQ(texts.Register(id), expected.try_emplace(std::string(texts[i]), id).first->second);
  }
  for (size_t i = 0; i < 2 * kCount; ++i) {
    const auto found = expected.find(std::to_string(i));
    ASSERT_EQ(texts.Find(std::to_string(i)), found == expected.end() ? -1 : found->second) << i;
  }
}

}  // namespace
}  // namespace retort

// The real model's tokenizer against tests/golden, and on input that is made to hurt.
#include "core/model/tokenizer.h"

#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/golden_file.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<int32_t>;

class RealTokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(RealTokenizer(), nullptr); }
  static Ids Encode(std::string_view text, Tokenizer::EncodeOptions options = {}) {
    auto ids = RealTokenizer()->Encode(text, options);
    EXPECT_TRUE(ids.ok()) << ids.status().ToString();
    return ids.ok() ? *ids : Ids();
  }
  static std::string Decode(const Ids& ids) {
    return RealTokenizer()->Decode(ids.data(), ids.size(), /*special=*/true);
  }
};

// `text` without the bytes that the vocabulary lacks; whole characters, but for the lead bytes of planes 4 to 11.
std::string Representable(const std::string& text) {
  std::string kept;
  for (char byte : text) {
    if (RealTokenizer()->Find({&byte, 1}) >= 0) kept += byte;
  }
  return kept;
}

TEST_F(RealTokenizerTest, GivesTheIdsOfTheReferenceAndTheTextBack) {
  size_t strings = 0, whole = 0;
  ForEachGoldenLine("smollm2.tokens.jsonl", [&](const nlohmann::json& line) {
    const auto text = line[0].get<std::string>();
    const Ids ids = Encode(text, {.parse_special = line[1].get<bool>()});
    EXPECT_EQ(ids, line[2].get<Ids>()) << line[0];
    EXPECT_EQ(Decode(ids), Representable(text)) << line[0];
    ++strings;
    whole += Decode(ids) == text;
  });
  EXPECT_GE(strings, 10'000u);
  EXPECT_GE(whole, 10'000u);
}

TEST_F(RealTokenizerTest, LacksTheBytesThatTheHeaderNames) {
  std::string lacking;
  for (int b = 0; b < 0xF5; ++b) {
    const char byte = static_cast<char>(b);
    if (b != 0xC0 && b != 0xC1 && RealTokenizer()->Find({&byte, 1}) < 0) lacking += byte;
  }
  EXPECT_EQ(lacking, "\x04\x06\x13\x14\x16\x1d\xf1\xf2");
  EXPECT_EQ(Decode(Encode("a\x04z")), "az");
}

TEST_F(RealTokenizerTest, ReadsSpecialTokensOnlyWhenAsked) {
  EXPECT_THAT(Encode("<|im_start|>user", {.parse_special = true}), ElementsAre(1, 4093));
  EXPECT_GT(Encode("<|im_start|>user").size(), 4u);
  EXPECT_EQ(Decode(Encode("<|im_start|>user")), "<|im_start|>user");
  const Ids ids = Encode("<|im_start|>user", {.parse_special = true});
  EXPECT_EQ(RealTokenizer()->Decode(ids.data(), ids.size()), "user");
  EXPECT_THAT(Encode("a", {.add_special = true}), ElementsAre(81));  // the file sets add_bos_token to false
}

TEST_F(RealTokenizerTest, KnowsItsTokens) {
  const Tokenizer& tokenizer = *RealTokenizer();
  EXPECT_EQ(tokenizer.vocab_size(), 49152);
  EXPECT_EQ(tokenizer.bos(), 1);
  EXPECT_EQ(tokenizer.eos(), 2);
  EXPECT_EQ(tokenizer.Find("<|im_end|>"), 2);
  EXPECT_EQ(tokenizer.Find(" the"), 260);
  EXPECT_EQ(tokenizer.Find("no such token"), -1);
  EXPECT_EQ(tokenizer.TokenBytes(260), " the");
  for (int32_t id : {-1, 49152, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(tokenizer.TokenBytes(id), "");
    EXPECT_FALSE(tokenizer.IsSpecial(id));
    EXPECT_FALSE(tokenizer.IsEndToken(id));
  }
  EXPECT_TRUE(tokenizer.IsSpecial(16));
  EXPECT_FALSE(tokenizer.IsSpecial(17));
  EXPECT_TRUE(tokenizer.IsEndToken(0));   // <|endoftext|>
  EXPECT_FALSE(tokenizer.IsEndToken(1));  // <|im_start|>
  EXPECT_TRUE(tokenizer.IsEndToken(2));   // <|im_end|>
}

TEST_F(RealTokenizerTest, RefusesInvalidUtf8WithItsPlace) {
  const std::pair<std::string, int> bad[] = {{"\xff", 0},
                                             {"ab\x80", 2},
                                             {"\xc3", 0},
                                             {"a\xc3(", 1},
                                             {"\xc0\xaf", 0},
                                             {"é\xe0\x80\x80", 2},
                                             {"\xed\xa0\x80", 0},
                                             {"\xf0\x8f\xbf\xbf", 0},
                                             {"\xf4\x90\x80\x80", 0},
                                             {"x\xf5\x80\x80\x80", 1},
                                             {"世\xe4\xb8", 3},
                                             {std::string(5000, 'a') + "\xfe", 5000}};
  for (const auto& [text, place] : bad) {
    const auto ids = RealTokenizer()->Encode(text, {});
    ASSERT_FALSE(ids.ok()) << place;
    EXPECT_EQ(ids.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(ids.status().message(), HasSubstr("byte " + std::to_string(place) + " of "));
  }
  EXPECT_EQ(
      Decode(
          Encode(std::string(
              "\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
              26)))
          .size(),
      26u);
}

// A quadratic step would take minutes of processor time for one of these; the bound leaves room for sanitizers.
TEST_F(RealTokenizerTest, TakesAMegabyteOfAnythingInTime_slow) {
  constexpr size_t kBytes = 1 << 20;
  for (const std::string piece : {"a", " ", "\n", "1", "!", "<", "<|im_", "<|im_end|>", "\u00e9", " \n", "\t ", "a'",
                                  "'s", "\U0001F600", "ab1 ", "the quick brown fox "}) {
    std::string text;
    while (text.size() < kBytes) text += piece;
    const std::clock_t start = std::clock();
    const Ids ids = Encode(text, {.parse_special = true});
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, 30) << "a run of " << piece;
    EXPECT_EQ(Decode(ids), text) << "a run of " << piece;
  }
}

TEST_F(RealTokenizerTest, GivesTheSameFromManyThreads) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += "Thread " + std::to_string(i) + " says \u4f60\u597d<|im_end|>\n" + std::string(i, 'x');
  const Ids expected = Encode(text, {.parse_special = true});
  std::vector<Ids> got(4);
  std::vector<std::thread> threads;
  for (Ids& ids : got) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) ids = *RealTokenizer()->Encode(text, {.parse_special = true});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Ids& ids : got) EXPECT_EQ(ids, expected);
}

}  // namespace
}  // namespace retort

#include "core/model/generation.h"

#include <gtest/gtest.h>

#include "core/model/gguf.h"
#include "tests/support/gguf_builder.h"

namespace retort {
namespace {

class GenerationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static const testing::AlignedBytes bytes(testing::MakeTinyModel().Build());
    const auto file = GgufFile::FromMemory({bytes.data(), bytes.size()}, "tiny");
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    auto tokenizer = Tokenizer::Create(**file);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
    tokenizer_ = *std::move(tokenizer);
  }
  Generation Start(GenerationLimits limits, size_t prompt = 3, int32_t context = 100) {
    Generation generation(*tokenizer_, std::vector<int32_t>(prompt, 10), context);
    generation.SetLimits(std::move(limits));
    return generation;
  }
  /// One token for each byte.
  std::vector<int32_t> Bytes(std::string_view text) {
    std::vector<int32_t> tokens;
    for (const char byte : text) tokens.push_back(3 + static_cast<uint8_t>(byte));
    return tokens;
  }
  int32_t EndOfTurn() { return tokenizer_->Find("<|im_end|>"); }

  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(GenerationTest, StopsAfterMaxTokens) {
  Generation g = Start({.max_tokens = 5, .stop = {}});
  EXPECT_EQ(g.Commit(Bytes("abc")), 3u);
  EXPECT_EQ(g.finish(), FinishReason::kNone);
  EXPECT_EQ(g.Commit(Bytes("defg")), 2u);
  EXPECT_EQ(g.finish(), FinishReason::kLength);
  EXPECT_EQ(g.Commit(Bytes("h")), 0u);
  EXPECT_EQ(g.Text(), "abcde");
  EXPECT_EQ(g.generated_count(), 5u);
  EXPECT_EQ(g.prompt_count(), 3u);
  EXPECT_EQ(g.tokens().size(), 8u);
}

TEST_F(GenerationTest, ZeroTokensFinishAtOnce) {
  Generation g = Start({.max_tokens = 0, .stop = {}});
  EXPECT_EQ(g.finish(), FinishReason::kLength);
  EXPECT_EQ(g.Commit(Bytes("a")), 0u);
  EXPECT_EQ(g.Text(), "");
}

TEST_F(GenerationTest, ContextBoundsTheTokens) {
  Generation g = Start({.max_tokens = 50, .stop = {}}, 96, 100);
  EXPECT_EQ(g.limits().max_tokens, 4);
  EXPECT_EQ(g.Commit(Bytes("abcdef")), 4u);
  EXPECT_EQ(g.finish(), FinishReason::kLength);
  EXPECT_EQ(Start({.max_tokens = 5, .stop = {}}, 100, 100).finish(), FinishReason::kLength);
  EXPECT_EQ(Start({.max_tokens = 5, .stop = {}}, 200, 100).finish(), FinishReason::kLength);
}

TEST_F(GenerationTest, LimitsAreSetOnce) {
  Generation g = Start({.max_tokens = 2, .stop = {}});
  g.SetLimits({.max_tokens = 50, .stop = {}});
  EXPECT_EQ(g.limits().max_tokens, 2);
}

TEST_F(GenerationTest, EndTokenIsKeptAndGivesNoText) {
  Generation g = Start({});
  std::vector<int32_t> tokens = Bytes("yes");
  tokens.push_back(EndOfTurn());
  tokens.push_back(3 + 'x');
  EXPECT_EQ(g.Commit(tokens), 4u);
  EXPECT_EQ(g.finish(), FinishReason::kStop);
  EXPECT_EQ(g.tokens().back(), EndOfTurn());
  EXPECT_EQ(g.Text(), "yes");
  EXPECT_EQ(FinishReasonName(g.finish()), "stop");
}

TEST_F(GenerationTest, EndTokenAtTheLimitIsAStop) {
  Generation g = Start({.max_tokens = 2, .stop = {}});
  EXPECT_EQ(g.Commit(std::vector<int32_t>{3 + 'a', EndOfTurn()}), 2u);
  EXPECT_EQ(g.finish(), FinishReason::kStop);
}

TEST_F(GenerationTest, IgnoresEndTokensWhenAsked) {
  Generation g = Start({.max_tokens = 3, .stop = {}, .ignore_eos = true});
  EXPECT_EQ(g.Commit(std::vector<int32_t>{3 + 'a', EndOfTurn(), 3 + 'b', 3 + 'c'}), 3u);
  EXPECT_EQ(g.finish(), FinishReason::kLength);
  EXPECT_EQ(g.Text(), "ab");
}

TEST_F(GenerationTest, StopStringsAreFoundAcrossTokens) {
  for (size_t block = 1; block <= 9; ++block) {
    Generation g = Start({.stop = {"", "END!", "never"}});
    const std::vector<int32_t> all = Bytes("some END? text END! more");
    size_t kept = 0;
    for (size_t at = 0; at < all.size(); at += block) {
      kept += g.Commit(std::span(all).subspan(at, std::min(block, all.size() - at)));
    }
    EXPECT_EQ(kept, std::string("some END? text END!").size());
    EXPECT_EQ(g.finish(), FinishReason::kStop);
    EXPECT_EQ(g.Text(), "some END? text ");
  }
}

TEST_F(GenerationTest, TheEarliestStopStringCuts) {
  // One token completes both: " the" holds "the" and "he".
  const int32_t the = tokenizer_->Find(" the");
  ASSERT_GE(the, 0);
  Generation g = Start({.stop = {"he", "x t", "the"}});
  EXPECT_EQ(g.Commit(std::vector<int32_t>{3 + 'a', 3 + 'x', the}), 3u);
  EXPECT_EQ(g.finish(), FinishReason::kStop);
  EXPECT_EQ(g.Text(), "a");
}

TEST_F(GenerationTest, StopStringAtTheLimitIsAStop) {
  Generation g = Start({.max_tokens = 3, .stop = {"c"}});
  EXPECT_EQ(g.Commit(Bytes("abcd")), 3u);
  EXPECT_EQ(g.finish(), FinishReason::kStop);
  EXPECT_EQ(g.Text(), "ab");
}

TEST_F(GenerationTest, PartialCharactersBecomeReplacements) {
  Generation g = Start({.max_tokens = 100, .stop = {}});
  g.Commit(Bytes("caf\xc3"));
  EXPECT_EQ(g.Text(), "caf\xEF\xBF\xBD");
  g.Commit(Bytes("\xa9 \xf0\x9f\x98"));
  EXPECT_EQ(g.Text(), "caf\xc3\xa9 \xEF\xBF\xBD");  // three bytes of one character: one replacement
  g.Commit(Bytes("\x80!"));
  EXPECT_EQ(g.Text(), "caf\xc3\xa9 \xf0\x9f\x98\x80!");
}

TEST_F(GenerationTest, InvalidBytesAreReplacedByMaximalSubparts) {
  // Unicode 15, table 3-8 (and the sequences around it), as browsers and Python replace.
  const std::pair<std::string, int> cases[] = {
      {"\xff", 1},         {"\xc0\xaf", 2},     {"\xe0\x80", 2},     {"\xe2\x82", 1},
      {"\xf0\x80\x80", 3}, {"\xf0\x90\x80", 1}, {"\xed\xa0\x80", 3}, {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf", 4}};
  for (const auto& [bytes, replacements] : cases) {
    Generation g = Start({});
    g.Commit(Bytes("a" + bytes + "b"));
    std::string want = "a";
    for (int i = 0; i < replacements; ++i) want += "\xEF\xBF\xBD";
    EXPECT_EQ(g.Text(), want + "b");
  }
}

}  // namespace
}  // namespace retort

// What a model with other tokens drafts, in the target's tokens.
#include "plugins/draft/drafted_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/draft/text_alignment.h"
#include "tests/stages/translation_cases.h"

namespace retort::testing {
namespace {

using drafting::DraftedText;
using drafting::TextAlignment;
using drafting::Vocabulary;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Tokens = std::vector<int32_t>;

std::string Spelled(const Vocabulary& vocabulary, const Tokens& tokens) {
  std::string text;
  for (const int32_t token : tokens) text += vocabulary[token].bytes;
  return text;
}

TEST(DraftedText, SpellsWhatTheDrafterWroteInWholeCharacters) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto target = MakeRandomBpe({.seed = seed, .merges = random() % 150});
    const auto own = MakeRandomBpe({.seed = 900 + seed, .merges = random() % 150});
    const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
    // A cut between any two tokens of the target, in the midst of a character too.
    const std::string whole = RandomText(random, 40);
    const Tokens tokens = target->Encode(whole, {}).value();
    const Tokens sequence(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(random() % tokens.size()));
    TextAlignment alignment(of_target, of_own);
    alignment.Update(sequence);
    DraftedText text(of_target, of_own, sequence, alignment.open());
    const std::string rest = whole.substr(Spelled(of_own, alignment.tokens()).size());
    std::string drafted;
    const Tokens written = own->Encode(rest, {}).value();
    for (const int32_t token : written) {
      ASSERT_TRUE(text.Append(token));
      drafted += own->TokenBytes(token);
      const std::string beyond = drafted.substr(std::min(drafted.size(), alignment.open().size()));
      const std::string given = Spelled(of_target, text.Tokens());
      ASSERT_TRUE(beyond.starts_with(given)) << "seed " << seed;
      ASSERT_LT(beyond.size() - given.size(), 4u) << "seed " << seed;
    }
    ASSERT_EQ(Spelled(of_target, text.Tokens()), rest.substr(alignment.open().size())) << "seed " << seed;
  }
}

TEST(DraftedText, ContinuesTheTokensThatAreThereNotThoseOfTheirText) {
  TokenizerData data;
  data.model = "gpt2";
  data.pre = "smollm";
  data.tokens = {"<|end|>"};
  data.token_types = {3};
  for (int byte = 0; byte < 256; ++byte) data.tokens.push_back(SpellByte(byte));
  for (const auto& [left, right] : {std::pair{"a", "b"}, {"c", "d"}, {"ab", "cd"}, {"1", "1"}}) {
    data.merges.push_back(std::string(left) + " " + right);
    data.tokens.push_back(std::string(left) + right);
  }
  data.token_types.resize(data.tokens.size(), 1);
  data.eos = 0;
  const auto tokenizer = Tokenizer::Create(data).value();
  const Vocabulary vocabulary = VocabularyOf(*tokenizer);
  const auto token = [&](const char* text) { return tokenizer->Find(text); };
  const Tokens sequence = {token("ab")};
  DraftedText text(vocabulary, vocabulary, sequence, "");
  text.Append(token("c"));
  EXPECT_THAT(text.Tokens(), ElementsAre(token("c")));
  text.Append(token("d"));
  text.Append(token("a"));
  EXPECT_THAT(text.Tokens(), ElementsAre(token("cd"), token("a"))) << "though `abcd` is one token";
}

TEST(DraftedText, TheEndIsDraftedByNameOrAsTheTargetsEnd) {
  const auto target = MakeRandomBpe({.merges = 0, .specials = {"<|end|>", "<|user|>"}});
  const auto own = MakeRandomBpe({.merges = 0, .specials = {"</s>", "<|user|>", "<|other|>"}});
  const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
  const auto drafted = [&](const Tokens& tokens) {
    const Tokens sequence = {2 + 'x'};
    DraftedText text(of_target, of_own, sequence, "");
    for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(text.Append(tokens[i]), i + 1 < tokens.size());
    return text.Tokens();
  };
  EXPECT_THAT(drafted({0}), ElementsAre(0));
  EXPECT_THAT(drafted({3 + 'a', 0}), ElementsAre(2 + 'a', 0));
  EXPECT_THAT(drafted({3 + 'a', 1}), ElementsAre(2 + 'a', 1));
  EXPECT_THAT(drafted({3 + 'a', 2}), ElementsAre(2 + 'a')) << "no namesake, and no end";
  EXPECT_THAT(drafted({3 + 'a', 3 + 0xC3, 0}), ElementsAre(2 + 'a')) << "a broken character is not left behind";
  EXPECT_THAT(drafted({3 + 'a', 999}), ElementsAre(2 + 'a')) << "no token at all";
}

TEST(DraftedText, BytesThatDoNotContinueAnOpenCharacterAreNoDraft) {
  const auto tokenizer = MakeRandomBpe({.merges = 0});
  const Vocabulary vocabulary = VocabularyOf(*tokenizer);
  const Tokens sequence = {1 + 0xE2};
  DraftedText text(vocabulary, vocabulary, sequence, "\xE2");
  EXPECT_EQ(text.owed(), "\xE2");
  EXPECT_FALSE(text.Append(1 + 'a'));
  EXPECT_THAT(text.Tokens(), IsEmpty());
  DraftedText other(vocabulary, vocabulary, sequence, "\xE2");
  EXPECT_TRUE(other.Append(1 + 0xE2));
  EXPECT_TRUE(other.owed().empty());
  EXPECT_THAT(other.Tokens(), IsEmpty());
  EXPECT_TRUE(other.Append(1 + 'a'));
  EXPECT_THAT(other.Tokens(), ElementsAre(1 + 'a')) << "no character came of it, which the target may do too";
  DraftedText third(vocabulary, vocabulary, sequence, "\xE2");
  for (const int byte : {0xE2, 0x82, 0xAC, 0x62}) EXPECT_TRUE(third.Append(1 + byte));
  EXPECT_THAT(third.Tokens(), ElementsAre(1 + 0x82, 1 + 0xAC, 1 + 'b'));
}

}  // namespace
}  // namespace retort::testing

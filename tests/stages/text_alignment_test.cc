// The text of a sequence in another vocabulary's tokens, as it grows by any tokens at all.
#include "plugins/draft/text_alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/translation_cases.h"

namespace retort::testing {
namespace {

using drafting::TextAlignment;
using drafting::Vocabulary;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using Tokens = std::vector<int32_t>;

std::string Spelled(const Vocabulary& vocabulary, const Tokens& tokens) {
  std::string text;
  for (const int32_t token : tokens) text += vocabulary[token].bytes;
  return text;
}

/// A sequence that grows by a few tokens at a time: mostly as the text is encoded, sometimes as any tokens fall.
class Growing {
 public:
  Growing(const Tokenizer& tokenizer, uint64_t seed, bool broken) : tokenizer_(tokenizer), random_(seed) {
    for (int i = 0; i < 60; ++i) {
      const std::string text = RandomText(random_, 12);
      const Tokens tokens = tokenizer.Encode(text, {}).value();
      to_come_.insert(to_come_.end(), tokens.begin(), tokens.end());
      if (broken && i % 3 == 0) {
        for (const unsigned char byte : RandomText(random_, 6, true)) to_come_.push_back(1 + byte);
      }
    }
  }
  bool Grow() {
    const size_t count = std::min(to_come_.size() - sequence_.size(), 1 + random_() % 6);
    const auto next = to_come_.begin() + static_cast<std::ptrdiff_t>(sequence_.size());
    sequence_.insert(sequence_.end(), next, next + static_cast<std::ptrdiff_t>(count));
    return count > 0;
  }
  const Tokens& sequence() const { return sequence_; }
  std::string text() const { return tokenizer_.Decode(sequence_.data(), sequence_.size()); }

 private:
  const Tokenizer& tokenizer_;
  std::mt19937_64 random_;
  Tokens to_come_, sequence_;
};

TEST(TextAlignment, TokensSpellTheTextAfterAnyGrowthAndAreThoseOfItsWhole) {
  size_t updates = 0, like_the_whole = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const auto target = MakeRandomBpe({.seed = seed, .merges = seed * 9});
    const auto own =
        MakeRandomBpe({.seed = 100 + seed, .merges = (seed * 37) % 200, .pre = seed % 2 ? "qwen2" : "smollm"});
    const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
    TextAlignment alignment(of_target, of_own);
    Growing text(*target, seed, false);
    while (text.Grow()) {
      alignment.Update(text.sequence());
      ASSERT_EQ(Spelled(of_own, alignment.tokens()) + std::string(alignment.open()), text.text()) << "seed " << seed;
      const std::string whole = text.text().substr(0, text.text().size() - alignment.open().size());
      ++updates;
      like_the_whole += alignment.tokens() == of_own.EncodeBeginning(whole);
    }
  }
  EXPECT_GT(updates, 2000u);
  EXPECT_GT(static_cast<double>(like_the_whole) / static_cast<double>(updates), 0.99);
}

TEST(TextAlignment, SpellsBytesThatAreNoTextToo) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto target = MakeRandomBpe({.seed = seed}), own = MakeRandomBpe({.seed = 50 + seed, .merges = 120});
    const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
    TextAlignment alignment(of_target, of_own);
    Growing text(*target, seed, true);
    while (text.Grow()) {
      alignment.Update(text.sequence());
      ASSERT_EQ(Spelled(of_own, alignment.tokens()) + std::string(alignment.open()), text.text()) << "seed " << seed;
    }
  }
}

TEST(TextAlignment, EncodesABoundedEndHoweverLongTheTextIs) {
  const auto target = MakeRandomBpe({.seed = 1}), own = MakeRandomBpe({.seed = 2, .merges = 150});
  const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
  TextAlignment alignment(of_target, of_own);
  std::mt19937_64 random(3);
  Tokens sequence = target->Encode(RandomText(random, 8000), {}).value();
  alignment.Update(sequence);
  size_t most = 0, all = 0;
  for (int block = 0; block < 500; ++block) {
    const Tokens more = target->Encode(RandomText(random, 4), {}).value();
    sequence.insert(sequence.end(), more.begin(), more.end());
    const size_t before = alignment.encoded_bytes();
    alignment.Update(sequence);
    most = std::max(most, alignment.encoded_bytes() - before);
    all += alignment.encoded_bytes() - before;
  }
  EXPECT_LT(most, 7 * TextAlignment::kLookbehind * 16 + 50) << "three pieces, of tokens of 16 bytes at most";
  EXPECT_LT(all / 500, 2 * TextAlignment::kLookbehind * 4);
}

TEST(TextAlignment, SpecialTokensAreCarriedByTheirNames) {
  const auto target = MakeRandomBpe({.merges = 0, .specials = {"<|end|>", "<|user|>", "<s>"}, .add_bos = true});
  const auto own = MakeRandomBpe({.merges = 0, .specials = {"</s>", "<|user|>", "<bos>"}, .add_bos = true});
  const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
  const auto byte = [](char c) { return 3 + static_cast<int32_t>(static_cast<unsigned char>(c)); };
  TextAlignment alignment(of_target, of_own);
  alignment.Update(Tokens{2, 1, byte('a')});
  EXPECT_THAT(alignment.tokens(), ElementsAre(2, 1, byte('a'))) << "its own beginning for the target's";
  alignment.Update(Tokens{2, 1, byte('a'), 0});
  EXPECT_EQ(Spelled(of_own, alignment.tokens()), "<bos><|user|>a<|end|>") << "a name without a namesake is text";
  EXPECT_EQ(alignment.tokens().size(), 3u + 7u);
  TextAlignment own_text(of_target, of_target);
  const Tokens same = {2, 1, byte('a'), 0, byte('b'), 2, byte('c')};
  own_text.Update(same);
  EXPECT_EQ(own_text.tokens(), same) << "one vocabulary: nothing changes";
}

TEST(TextAlignment, ASpecialTokensNameInTheTextStaysText) {
  const auto tokenizer = MakeRandomBpe({.merges = 0});
  const Vocabulary vocabulary = VocabularyOf(*tokenizer);
  const Tokens name = tokenizer->Encode("<|end|>", {}).value();
  ASSERT_EQ(name.size(), 7u);
  TextAlignment alignment(vocabulary, vocabulary);
  alignment.Update(name);
  EXPECT_EQ(alignment.tokens(), name);
}

TEST(TextAlignment, BeginsAnewWhereTheSequenceIsAnotherOne) {
  const auto target = MakeRandomBpe({.seed = 1}), own = MakeRandomBpe({.seed = 2});
  const Vocabulary of_target = VocabularyOf(*target), of_own = VocabularyOf(*own);
  TextAlignment alignment(of_target, of_own);
  for (const char* text : {"abc de", "abd", "", "e 12"}) {
    alignment.Update(target->Encode(text, {}).value());
    EXPECT_EQ(Spelled(of_own, alignment.tokens()), text);
    EXPECT_THAT(alignment.tokens(), ElementsAreArray(own->Encode(text, {}).value()));
  }
}

/// As SentencePiece: text begins with a space that it does not have, and a run of spaces is one.
class Normalising final {
 public:
  explicit Normalising(const Tokenizer& tokenizer, bool squeeze) : tokenizer_(tokenizer), squeeze_(squeeze) {}
  Vocabulary Make() const {
    Vocabulary::Data data;
    for (int32_t token = 0; token < tokenizer_.vocab_size(); ++token)
      data.tokens.push_back({tokenizer_.TokenBytes(token), tokenizer_.IsSpecial(token), tokenizer_.IsEndToken(token)});
    data.encode = [this](std::string_view text) {
      std::string normal = " ";
      for (const char c : text) {
        if (!squeeze_ || c != ' ' || normal.back() != ' ') normal += c;
      }
      return tokenizer_.Encode(normal, {});
    };
    return Vocabulary(std::move(data));
  }

 private:
  const Tokenizer& tokenizer_;
  bool squeeze_;
};

TEST(TextAlignment, ASpaceThatATokenizerAddsComesOnceAtTheBeginning) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto target = MakeRandomBpe({.seed = seed}), own = MakeRandomBpe({.seed = 70 + seed, .merges = 100});
    const Normalising normalising(*own, false);
    const Vocabulary of_target = VocabularyOf(*target), of_own = normalising.Make();
    TextAlignment alignment(of_target, of_own);
    Growing text(*target, seed, false);
    while (text.Grow()) {
      alignment.Update(text.sequence());
      if (alignment.tokens().empty()) continue;  // a part of a character
      ASSERT_EQ(Spelled(of_own, alignment.tokens()) + std::string(alignment.open()), " " + text.text()) << seed;
    }
  }
}

TEST(TextAlignment, ATokenizerThatLosesTextLosesNoMoreThanThat) {
  const auto without_spaces = [](std::string text) {
    std::erase(text, ' ');
    return text;
  };
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto target = MakeRandomBpe({.seed = seed}), own = MakeRandomBpe({.seed = 70 + seed, .merges = 100});
    const Normalising normalising(*own, true);
    const Vocabulary of_target = VocabularyOf(*target), of_own = normalising.Make();
    TextAlignment alignment(of_target, of_own);
    Growing text(*target, seed, false);
    while (text.Grow()) {
      const size_t before = alignment.encoded_bytes();
      alignment.Update(text.sequence());
      ASSERT_EQ(without_spaces(Spelled(of_own, alignment.tokens()) + std::string(alignment.open())),
                without_spaces(text.text()))
          << seed;
      ASSERT_LT(alignment.encoded_bytes() - before, 4000u);
    }
  }
}

TEST(TextAlignment, WhatTheVocabularyCannotSpellIsLeftOut) {
  const auto target = MakeRandomBpe({.merges = 0});
  Vocabulary::Data letters;  // of one letter
  letters.tokens = {{"a", false, false}, {"", false, false}};
  letters.encode = [](std::string_view text) -> Result<Tokens> {
    if (text.find_first_not_of('a') != text.npos) return InvalidArgument("no");
    return Tokens(text.size(), 0);
  };
  const Vocabulary of_target = VocabularyOf(*target), of_own{std::move(letters)};
  TextAlignment alignment(of_target, of_own);
  Tokens sequence;
  for (const char* more : {"bbb", "a", "aa", "b", "\xE2", "\x82", "aaa"}) {
    for (const char c : std::string(more)) sequence.push_back(1 + static_cast<unsigned char>(c));
    alignment.Update(sequence);
    for (const int32_t token : alignment.tokens()) EXPECT_EQ(token, 0);
  }
}

TEST(EncodeBeginning, WhiteSpaceAtTheEndIsAsIfALetterFollowed) {
  TokenizerData data;
  data.model = "gpt2";
  data.pre = "smollm";
  for (int byte = 0; byte < 256; ++byte) data.tokens.push_back(SpellByte(byte));
  const std::string line = SpellByte('\n'), space = SpellByte(' ');
  for (const auto& [left, right] : {std::pair{line, line}, {line, space}}) {
    data.merges.push_back(left + " " + right);
    data.tokens.push_back(left + right);
  }
  const auto tokenizer = Tokenizer::Create(data).value();
  const Vocabulary vocabulary = VocabularyOf(*tokenizer);
  const auto encoded = [&](const char* text) { return tokenizer->Encode(text, {}).value(); };
  ASSERT_THAT(encoded("b\n\n"), ElementsAre('b', 256)) << "one word at the end, two before a letter";
  ASSERT_THAT(encoded("b\n\na"), ElementsAre('b', '\n', '\n', 'a'));
  EXPECT_THAT(vocabulary.EncodeBeginning("b\n\n"), ElementsAre('b', '\n', '\n'));
  EXPECT_THAT(vocabulary.EncodeBeginning("b\n"), ElementsAre('b', '\n'));
  EXPECT_THAT(vocabulary.EncodeBeginning("b\n\nb"), ElementsAreArray(encoded("b\n\nb")));
  EXPECT_THAT(vocabulary.EncodeBeginning(""), ElementsAre());
}

TEST(WithoutOpenCharacter, LeavesOutWhatMoreBytesWouldMakeACharacter) {
  const std::pair<std::string, size_t> cases[] = {{"", 0},          {"a", 1},
                                                  {"a\xC3", 1},     {"a\xC3\xA9", 3},
                                                  {"\xE2\x82", 0},  {"\xE2\x82\xAC", 3},
                                                  {"x\xF0", 1},     {"x\xF0\x9F\x98", 1},
                                                  {"x\xF0\x8F", 3}, {"\xED\xA0", 2},
                                                  {"\xFF", 1},      {"\x80\x80", 2},
                                                  {"\xC0", 1},      {"\xF0\x9F\x98\x80", 4},
                                                  {"\xE0\x80", 2}};
  for (const auto& [bytes, length] : cases)
    EXPECT_EQ(drafting::WithoutOpenCharacter(bytes), length) << ::testing::PrintToString(bytes);
}

}  // namespace
}  // namespace retort::testing

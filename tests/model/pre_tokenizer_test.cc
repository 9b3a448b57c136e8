#include "core/model/pre_tokenizer.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/golden_file.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string_view> SplitWith(const PreTokenizer& pre, std::string_view text) {
  std::vector<std::string_view> words;
  pre.Split(text, words);
  return words;
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::string_view word : words) text += word;
  return text;
}

TEST(PreTokenizer, CutsAsTheReferenceDoes) {
  std::map<std::string, PreTokenizer> all;
  for (const char* name : {"gpt2", "smollm", "llama-bpe", "qwen2"}) all.emplace(name, *PreTokenizer::Create(name));
  size_t checked = 0;
  ForEachGoldenLine("pre_tokenizers.jsonl", [&](const nlohmann::json& line) {
    const auto text = line[0].get<std::string>();
    for (const auto& [name, pre] : all) {
      std::vector<size_t> lengths;
      for (std::string_view word : SplitWith(pre, text)) lengths.push_back(word.size());
      EXPECT_EQ(lengths, line[1][name].get<std::vector<size_t>>()) << name << ": " << line[0];
      ++checked;
    }
  });
  EXPECT_GE(checked, 4000u);
}

TEST(PreTokenizer, KnowsCharactersThatAreNewerThanAnOldPcre2) {
  const PreTokenizer pre = *PreTokenizer::Create("smollm");
  EXPECT_THAT(SplitWith(pre, "a\U00031350\U000323AF"), ElementsAre("a\U00031350\U000323AF"));    // letters, Unicode 15
  EXPECT_THAT(SplitWith(pre, "\U00011F50\U00011F59"), ElementsAre("\U00011F50", "\U00011F59"));  // digits, Unicode 15
  EXPECT_THAT(SplitWith(pre, "!\u180E!"), ElementsAre("!\u180E!"));  // no space since Unicode 6.3
}

TEST(PreTokenizer, RefusesAnUnknownNameAndListsThoseItKnows) {
  const auto pre = PreTokenizer::Create("tekken");
  ASSERT_FALSE(pre.ok());
  EXPECT_EQ(pre.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(pre.status().message(), HasSubstr("'tekken'"));
  for (std::string_view name : PreTokenizer::KnownNames())
    EXPECT_THAT(pre.status().message(), HasSubstr(std::string(name)));
}

TEST(PreTokenizer, LosesNoTextWhenAMatchCostsTooMuch) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "wörd  \n\u00a0 42 \U0001F600\t";
  text += std::string(50'000, ' ') + std::string(50'000, 'a') + "\u4e16";
  for (std::string_view name : PreTokenizer::KnownNames()) {
    for (uint32_t limit : {1u, 2u, 20u, 1000u}) {
      const PreTokenizer pre = *PreTokenizer::Create(name, limit);
      const auto words = SplitWith(pre, text);
      ASSERT_EQ(Joined(words), text) << name << " with limit " << limit;
      for (std::string_view word : words)
        ASSERT_NE(static_cast<uint8_t>(word[0]) & 0xC0, 0x80) << "a character was cut";
    }
  }
}

TEST(PreTokenizer, ALowLimitIsFelt) {  // so that the test above shows something
  const std::string text(50'000, 'a');
  EXPECT_EQ(SplitWith(*PreTokenizer::Create("smollm"), text).size(), 1u);
  EXPECT_GT(SplitWith(*PreTokenizer::Create("smollm", 1), text).size(), 1u);
}

}  // namespace
}  // namespace retort

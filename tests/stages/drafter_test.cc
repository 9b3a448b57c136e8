// The drafters as plain algorithms, against a search of the whole text.
#include <gtest/gtest.h>

#include <random>

#include "plugins/draft/ngram.h"
#include "plugins/draft/prompt_lookup.h"

namespace {

using drafting::NgramStatistics;
using drafting::PromptLookup;
using Tokens = std::vector<int32_t>;

/// What PromptLookup promises, by searching.
Tokens SearchDraft(const Tokens& text, size_t min_match, size_t max_match, size_t count) {
  for (size_t n = std::min(max_match, text.size()); n >= min_match && n > 0; --n) {
    for (size_t end = text.size() - 1; end >= n; --end) {
      if (!std::equal(text.end() - static_cast<std::ptrdiff_t>(n), text.end(),
                      text.begin() + static_cast<std::ptrdiff_t>(end - n)))
        continue;
      Tokens draft;
      for (size_t i = 0; i < count; ++i) draft.push_back(text[end + i % (text.size() - end)]);
      return draft;
    }
  }
  return {};
}

TEST(PromptLookup, DraftsWhatFollowedTheLastOccurrenceOfTheLongestSuffix) {
  PromptLookup lookup(1, 3);
  lookup.Update(Tokens{1, 2, 3, 9, 2, 3, 7, 8, 2, 3});
  EXPECT_EQ(lookup.Draft(3), (Tokens{7, 8, 2}));
  EXPECT_TRUE(lookup.Draft(0).empty());
}

TEST(PromptLookup, DraftsNothingWhereNothingRecurs) {
  PromptLookup lookup(2, 4);
  EXPECT_TRUE(lookup.Draft(4).empty());
  lookup.Update(Tokens{1, 2, 3, 4, 5, 3});
  EXPECT_TRUE(lookup.Draft(4).empty()) << "one token recurs, two are asked for";
}

TEST(PromptLookup, ContinuesAPeriodPastItsEnd) {
  PromptLookup lookup(2, 4);
  lookup.Update(Tokens{5, 6, 5, 6});
  EXPECT_EQ(lookup.Draft(5), (Tokens{5, 6, 5, 6, 5}));
}

TEST(PromptLookup, EqualsASearchOfTheWholeTextOnRandomTexts) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int32_t vocab = 2 + static_cast<int32_t>(random() % 6);
    const size_t low = 1 + random() % 3, high = low + random() % 4;
    PromptLookup lookup(low, high);
    Tokens text;
    for (int i = 0; i < 60; ++i) {
      text.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(vocab)));
      if (random() % 3 == 0) continue;  // several tokens between two updates
      lookup.Update(text);
      ASSERT_EQ(lookup.Draft(6), SearchDraft(text, low, high, 6)) << "round " << round << ", length " << text.size();
    }
  }
}

TEST(NgramStatistics, FollowsTheMostCountedContinuationOfTheLongestContext) {
  NgramStatistics statistics(2, 1000);
  statistics.Learn(Tokens{1, 2, 3, 1, 2, 3, 1, 2, 4}, 0);
  EXPECT_EQ(statistics.Draft(Tokens{1, 2}, 3, 1), (Tokens{3, 1, 2}));
  EXPECT_EQ(statistics.Draft(Tokens{9, 2}, 1, 1), (Tokens{3})) << "falls back to the shorter context";
  EXPECT_TRUE(statistics.Draft(Tokens{9, 2}, 1, 2).empty()) << "which min_match forbids";
  EXPECT_TRUE(statistics.Draft(Tokens{7}, 4, 1).empty());
}

TEST(NgramStatistics, CountsEachTokenOnceHoweverOftenTheSequenceIsLearnt) {
  NgramStatistics statistics(1, 1000);
  const Tokens text = {1, 2, 1, 3, 1, 3};
  statistics.Learn(Tokens(text.begin(), text.begin() + 2), 0);
  statistics.Learn(text, 2);
  EXPECT_EQ(statistics.Draft(Tokens{1}, 1, 1), (Tokens{3}));
}

TEST(NgramStatistics, KeepsNoMoreContextsThanAllowed) {
  NgramStatistics statistics(3, 10);
  Tokens text;
  for (int32_t i = 0; i < 100; ++i) text.push_back(i);
  statistics.Learn(text, 0);
  EXPECT_EQ(statistics.contexts(), 10u);
}

TEST(NgramStatistics, ANewContinuationThatComesOftenReplacesRareOnes) {
  NgramStatistics statistics(1, 1000);
  Tokens text;
  for (int32_t other = 10; other < 16; ++other) text.insert(text.end(), {1, other});
  for (int i = 0; i < 20; ++i) text.insert(text.end(), {1, 99});
  statistics.Learn(text, 0);
  EXPECT_EQ(statistics.Draft(Tokens{1}, 1, 1), (Tokens{99}));
}

}  // namespace

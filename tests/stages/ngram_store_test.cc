// The suffix array and the store over it, against searches of the whole text; damaged and forged files.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "plugins/draft/store_drafter.h"
#include "plugins/shared/ngram_store.h"
#include "plugins/shared/suffix_array.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/mutator.h"
#include "tests/support/temporary_folder.h"

namespace retort_stages {
namespace {

using retort::StatusCode;
using retort::testing::AlignedBytes;
using Tokens = std::vector<int32_t>;

constexpr TokenSet kSet = {8, 77};

std::vector<int32_t> SortedSuffixes(const Tokens& text) {
  std::vector<int32_t> order(text.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return std::lexicographical_compare(text.begin() + a, text.end(), text.begin() + b, text.end());
  });
  return order;
}

TEST(SuffixArray, EqualsASortOfAllSuffixes) {
  EXPECT_TRUE(SuffixArray({}, 4).empty());
  std::mt19937 random(3);
  for (int round = 0; round < 600; ++round) {
    const uint32_t alphabet = 1 + random() % 6;
    Tokens text(1 + random() % 120);
    for (int32_t& token : text) token = static_cast<int32_t>(random() % alphabet);
    if (round % 3 == 0) {  // much that repeats, so that names have to be sorted in turn
      const Tokens part = text;
      for (int i = 0; i < 4; ++i) text.insert(text.end(), part.begin(), part.end());
    }
    ASSERT_EQ(SuffixArray(text, static_cast<int32_t>(alphabet)), SortedSuffixes(text)) << "round " << round;
  }
}

/// What a store promises of a text's end, by searching: the continuations of the longest end that the corpus has.
struct Searched {
  size_t length = 0, places = 0;
  std::map<int32_t, size_t> next;  // -1: a document's end
};
Searched Search(const Tokens& corpus, const Tokens& text, size_t shortest, size_t longest) {
  Searched found;
  for (size_t n = std::min(longest, text.size()); n >= shortest && found.places == 0; --n) {
    for (size_t at = 0; at + n <= corpus.size(); ++at) {
      if (!std::equal(text.end() - static_cast<std::ptrdiff_t>(n), text.end(),
                      corpus.begin() + static_cast<std::ptrdiff_t>(at)))
        continue;
      found.length = n;
      ++found.places;
      const int32_t next = at + n < corpus.size() ? corpus[at + n] : -1;
      ++found.next[next == static_cast<int32_t>(kSet.vocab) ? -1 : next];
    }
  }
  return found;
}

Tokens RandomCorpus(std::mt19937& random, size_t documents) {
  Tokens corpus;
  for (size_t d = 0; d < documents; ++d) {
    for (size_t i = 0, size = random() % 30; i < size; ++i) corpus.push_back(static_cast<int32_t>(random() % 4));
    corpus.push_back(static_cast<int32_t>(kSet.vocab));
  }
  return corpus;
}

TEST(NgramStore, FindsTheLongestEndAndItsMostFrequentContinuation) {
  std::mt19937 random(5);
  int followed = 0;
  for (int round = 0; round < 900; ++round) {
    const Tokens corpus = RandomCorpus(random, 1 + random() % 4);
    const AlignedBytes bytes(BuildNgramStore(corpus, kSet));
    const auto store = NgramStore::Create({bytes.data(), bytes.size()}, "test", kSet);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    Tokens text(random() % 8);
    for (int32_t& token : text) token = static_cast<int32_t>(random() % 5);
    const size_t shortest = 1 + random() % 2, longest = shortest + random() % 6;
    const Searched expected = Search(corpus, text, shortest, longest);
    NgramStore::Match match = store->Longest(text, shortest, longest);
    ASSERT_EQ(match.places(), expected.places) << "round " << round;
    if (expected.places == 0) continue;
    ASSERT_EQ(match.length, expected.length);
    if (expected.places > 64) continue;  // followed by a sample
    const auto most = std::max_element(expected.next.begin(), expected.next.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::optional<int32_t> next = store->Follow(&match);
    // An end of a document and of the corpus are told apart in the file, so only a clear majority is compared.
    if (expected.next.contains(-1)) continue;
    ASSERT_TRUE(next.has_value());
    ASSERT_EQ(expected.next.at(*next), most->second);
    ASSERT_EQ(*next, most->first) << "ties go to the smaller token";
    ASSERT_EQ(match.places(), most->second);
    ASSERT_EQ(match.length, expected.length + 1);
    ++followed;
  }
  EXPECT_GT(followed, 100);
}

TEST(NgramStore, HoldsACorpusOfNothingOrOneToken) {
  for (const Tokens& corpus : {Tokens{}, Tokens{3}, Tokens{3, 8}}) {
    const AlignedBytes bytes(BuildNgramStore(corpus, kSet));
    const auto store = NgramStore::Create({bytes.data(), bytes.size()}, "test", kSet);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    NgramStore::Match match = store->Longest(Tokens{1, 3}, 1, 4);
    EXPECT_EQ(match.places(), corpus.empty() ? 0u : 1u);
    EXPECT_FALSE(store->Follow(&match).has_value());
    EXPECT_EQ(store->Longest(Tokens{}, 1, 4).places(), 0u);
    EXPECT_EQ(store->Longest(Tokens{-1}, 1, 4).places(), 0u);
    EXPECT_EQ(store->Longest(Tokens{8}, 1, 4).places(), 0u) << "no token";
    EXPECT_EQ(store->Longest(Tokens{1 << 30}, 1, 4).places(), 0u);
  }
}

TEST(NgramStore, FollowsAGreatMajorityAmongManyPlaces) {
  Tokens corpus;
  for (int32_t i = 0; i < 3000; ++i) corpus.insert(corpus.end(), {1, i % 3 == 0 ? i % 7 + 1 : 0});
  const AlignedBytes bytes(BuildNgramStore(corpus, kSet));
  const auto store = NgramStore::Create({bytes.data(), bytes.size()}, "test", kSet);
  NgramStore::Match match = store->Longest(Tokens{1}, 1, 1);
  EXPECT_GT(match.places(), 3000u);
  EXPECT_EQ(store->Follow(&match), 0);
  EXPECT_EQ(match.places(), 2000u);
}

retort::Status Refusal(const std::string& bytes, const TokenSet& set = kSet) {
  const AlignedBytes aligned(bytes);
  return NgramStore::Create({aligned.data(), aligned.size()}, "my.store", set).status();
}

TEST(NgramStore, RefusesEveryTruncationAndEveryFlippedBit) {
  std::mt19937 random(7);
  const std::string whole = BuildNgramStore(RandomCorpus(random, 3), kSet);
  ASSERT_TRUE(Refusal(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    const retort::Status cut = Refusal(whole.substr(0, size));
    ASSERT_FALSE(cut.ok()) << size;
    ASSERT_NE(cut.message().find("my.store: expected a store of `retort store build`"), std::string::npos);
    ASSERT_NE(cut.message().find("build it anew"), std::string::npos);
  }
  ASSERT_FALSE(Refusal(whole + "x").ok());
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(Refusal(bytes).ok()) << "bit " << bit;
  }
}

TEST(NgramStore, RefusesFilesOfOtherTokensAndOtherFiles) {
  const std::string whole = BuildNgramStore(Tokens{1, 2, 3, 8}, kSet);
  EXPECT_EQ(Refusal(whole, {8, 78}).code(), StatusCode::kUnsupported);
  EXPECT_NE(Refusal(whole, {8, 78}).message().find("another vocabulary"), std::string::npos);
  EXPECT_EQ(Refusal(whole, {7, 77}).code(), StatusCode::kUnsupported);
  EXPECT_TRUE(Refusal(whole, {9, 77}).ok()) << "a vocabulary that is padded";
  EXPECT_EQ(Refusal("GGUF and more").code(), StatusCode::kInvalidArgument);
  EXPECT_NE(Refusal("GGUF and more").message().find("begins with \"GGUF and\""), std::string::npos);
}

/// Damage with a checksum that fits again, as only malice makes it: any answer will do that reads nothing outside.
TEST(NgramStore, ForgedFilesAreReadSafely) {
  std::mt19937 random(9);
  const std::string whole = BuildNgramStore(RandomCorpus(random, 4), kSet);
  int accepted = 0;
  for (uint64_t variant = 0; variant < 4000; ++variant) {
    std::string bytes = whole.substr(0, whole.size() - sizeof(uint64_t));
    retort::testing::Mutator(variant).Mutate(bytes);
    const uint64_t sum = Checksum(std::as_bytes(std::span(bytes)));
    bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    const AlignedBytes aligned(bytes);
    const auto store = NgramStore::Create({aligned.data(), aligned.size()}, "forged", kSet);
    if (!store.ok()) continue;
    ++accepted;
    for (int32_t a = 0; a < 5; ++a) {
      for (int32_t b = 0; b < 5; ++b) {
        NgramStore::Match match = store->Longest(Tokens{b, a, b}, 1, 3);
        for (int i = 0; i < 40; ++i) {
          const std::optional<int32_t> next = store->Follow(&match);
          if (!next) break;
          ASSERT_GE(*next, 0);
          ASSERT_LT(*next, static_cast<int32_t>(kSet.vocab));
        }
      }
    }
  }
  EXPECT_GT(accepted, 300);
}

TEST(StoreDrafter, DraftsAsFarAsTheShareHolds) {
  const retort::testing::TemporaryFolder folder;
  // After 1 2: three times 3, of these twice 4 and once 5; once 6.
  const Tokens corpus = {1, 2, 3, 4, 8, 1, 2, 3, 4, 8, 1, 2, 3, 5, 8, 1, 2, 6, 8};
  const std::string path = folder.Write("c.store", BuildNgramStore(corpus, kSet));
  const auto draft = [&](double min_share, size_t count, Tokens ahead = {}) {
    auto drafter = drafting::StoreDrafter::Create({path, 2, 4, min_share, kSet});
    EXPECT_TRUE(drafter.ok()) << drafter.status().ToString();
    const auto memory = (*drafter)->NewMemory();
    const Tokens text = {7, 1, 2};
    return (*drafter)->Continue(*memory, {text, ahead}, count);
  };
  EXPECT_EQ(draft(0, 8).tokens, (Tokens{3, 4})) << "ends with the document";
  EXPECT_EQ(draft(0, 8).match, 2u);
  EXPECT_EQ(draft(0.6, 8).tokens, (Tokens{3}));
  EXPECT_TRUE(draft(0.8, 8).tokens.empty());
  EXPECT_EQ(draft(0, 1).tokens, (Tokens{3}));
  EXPECT_TRUE(draft(0, 0).tokens.empty());
  EXPECT_EQ(draft(0, 8, {3}).tokens, (Tokens{4}));
  EXPECT_TRUE(draft(0, 8, {7, 7}).tokens.empty());
  EXPECT_EQ(drafting::StoreDrafter::Create({folder.path() + "/none", 2, 4, 0, kSet}).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace retort_stages

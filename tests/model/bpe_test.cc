#include "core/model/bpe.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Merging as it is defined: the pair of lowest rank, the leftmost of these, again and again.
std::vector<int32_t> MergeByDefinition(const int32_t (&byte_tokens)[256], const std::vector<BpeMerger::Merge>& merges,
                                       const std::string& word) {
  std::vector<int32_t> ids;
  for (char byte : word) ids.push_back(byte_tokens[static_cast<uint8_t>(byte)]);
  for (bool merged = true; merged;) {
    merged = false;
    for (const BpeMerger::Merge& merge : merges) {
      const int32_t pair[] = {merge.left, merge.right};
      const auto at = std::search(ids.begin(), ids.end(), pair, pair + 2);
      if (at == ids.end()) continue;
      *at = merge.merged;
      ids.erase(at + 1);
      merged = true;
      break;
    }
  }
  std::erase(ids, -1);
  return ids;
}

std::vector<int32_t> MergeWith(const BpeMerger& merger, const std::string& word) {
  BpeMerger::Scratch scratch;
  std::vector<int32_t> out;
  merger.Append(word, scratch, out);
  return out;
}

TEST(BpeMerger, MergesAsDefinedOnRandomWordsOfAllLengths) {
  std::mt19937 random(5);
  for (int vocabulary = 0; vocabulary < 20; ++vocabulary) {
    int32_t byte_tokens[256];
    for (int b = 0; b < 256; ++b) byte_tokens[b] = b == 'd' ? -1 : b;
    std::vector<BpeMerger::Merge> merges;
    std::vector<int32_t> known = {'a', 'b', 'c'};
    for (int32_t id = 256; id < 296; ++id) {
      const auto pick = [&] { return known[random() % known.size()]; };
      merges.push_back({pick(), pick(), id});
      known.push_back(id);
    }
    const BpeMerger merger(byte_tokens, merges);
    for (size_t length = 0; length < 120; ++length) {
      std::string word(length, ' ');
      for (char& byte : word) byte = "aaabbbcd"[random() % 8];
      ASSERT_EQ(MergeWith(merger, word), MergeByDefinition(byte_tokens, merges, word)) << word;
    }
  }
}

TEST(BpeMerger, LeavesOutBytesWithoutATokenAndDoesNotMergeAcrossThem) {
  int32_t byte_tokens[256];
  std::fill(std::begin(byte_tokens), std::end(byte_tokens), -1);
  byte_tokens['a'] = 0, byte_tokens['b'] = 1;
  const BpeMerger merger(byte_tokens, {{0, 1, 2}});
  EXPECT_THAT(MergeWith(merger, "ab"), ElementsAre(2));
  EXPECT_THAT(MergeWith(merger, "axb"), ElementsAre(0, 1));
  EXPECT_THAT(MergeWith(merger, "xyz"), IsEmpty());
  EXPECT_THAT(MergeWith(merger, ""), IsEmpty());
}

TEST(BpeMerger, TakesTheFirstOfEqualPairs) {
  int32_t byte_tokens[256];
  for (int b = 0; b < 256; ++b) byte_tokens[b] = b;
  const BpeMerger merger(byte_tokens, {{'a', 'b', 300}, {'b', 'c', 301}, {'a', 'b', 302}});
  EXPECT_THAT(MergeWith(merger, "abc"), ElementsAre(300, 'c'));
}

}  // namespace
}  // namespace retort

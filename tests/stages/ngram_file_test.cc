// Statistics of n-grams in files: what was saved is loaded, what is damaged is refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "plugins/draft/ngram_drafter.h"
#include "tests/support/mutator.h"
#include "tests/support/temporary_folder.h"

namespace drafting {
namespace {

using retort::StatusCode;
using retort::testing::TemporaryFolder;
using retort_stages::TokenSet;
using Tokens = std::vector<int32_t>;

constexpr TokenSet kSet = {50, 77};

NgramStatistics Learnt(size_t tokens) {
  std::mt19937 random(2);
  Tokens text;
  for (size_t i = 0; i < tokens; ++i) text.push_back(static_cast<int32_t>(random() % 50 * (random() % 50) / 50));
  NgramStatistics statistics(3, 1000);
  statistics.Learn(text, 0);
  return statistics;
}

retort::Status Read(const std::string& bytes, NgramStatistics* statistics, const TokenSet& set = kSet) {
  return ReadNgrams(std::as_bytes(std::span(bytes)), "my.ngram", set, statistics);
}

TEST(NgramFile, GivesTheSameDraftsAndTheSameBytesAgain) {
  const NgramStatistics before = Learnt(400);
  const std::string bytes = NgramBytes(before, kSet);
  NgramStatistics after(3, 1000);
  ASSERT_TRUE(Read(bytes, &after).ok());
  EXPECT_EQ(after.contexts(), before.contexts());
  EXPECT_EQ(NgramBytes(after, kSet), bytes);
  for (int32_t a = 0; a < 50; ++a) {
    for (int32_t b = 0; b < 50; ++b)
      ASSERT_EQ(after.Draft(Tokens{a, b}, 6, 1), before.Draft(Tokens{a, b}, 6, 1)) << a << " " << b;
  }
  NgramStatistics none(3, 1000);
  ASSERT_TRUE(Read(NgramBytes(NgramStatistics(3, 10), kSet), &none).ok()) << "a run without records";
  EXPECT_EQ(none.contexts(), 0u);
}

TEST(NgramFile, RefusesEveryTruncationAndEveryFlippedBit) {
  const std::string whole = NgramBytes(Learnt(8), kSet);
  for (size_t size = 0; size < whole.size(); ++size) {
    NgramStatistics statistics(3, 1000);
    const retort::Status cut = Read(whole.substr(0, size), &statistics);
    ASSERT_FALSE(cut.ok()) << size;
    ASSERT_NE(cut.message().find("my.ngram: expected statistics"), std::string::npos);
    ASSERT_NE(cut.message().find("leave `load` out"), std::string::npos) << "how to go on";
  }
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    NgramStatistics statistics(3, 1000);
    ASSERT_FALSE(Read(bytes, &statistics).ok()) << "bit " << bit;
  }
}

TEST(NgramFile, RefusesOtherTokensAndMoreThanMayBeKept) {
  const std::string whole = NgramBytes(Learnt(100), kSet);
  NgramStatistics statistics(3, 1000), small(3, 10);
  EXPECT_EQ(Read(whole, &statistics, {50, 78}).code(), StatusCode::kUnsupported);
  const retort::Status many = Read(whole, &small);
  EXPECT_EQ(many.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(many.message().find("set max_contexts to "), std::string::npos) << many.message();
}

/// Damage with a checksum that fits again: refused, or drafts of known tokens.
TEST(NgramFile, ForgedFilesAreReadSafely) {
  const std::string whole = NgramBytes(Learnt(60), kSet);
  int accepted = 0, refused = 0;
  for (uint64_t variant = 0; variant < 3000; ++variant) {
    std::string bytes = whole.substr(0, whole.size() - sizeof(uint64_t));
    retort::testing::Mutator(variant).Mutate(bytes);
    const uint64_t sum = retort_stages::Checksum(std::as_bytes(std::span(bytes)));
    bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    NgramStatistics statistics(3, 1000);
    if (!Read(bytes, &statistics).ok()) {
      ++refused;
      continue;
    }
    ++accepted;
    for (int32_t a = 0; a < 50; ++a) {
      for (const int32_t token : statistics.Draft(Tokens{a}, 8, 1)) ASSERT_TRUE(token >= 0 && token < 50) << token;
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 1000);
}

TEST(NgramDrafter, SavesAtTheEndAndNeverHalf) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/run.ngram";
  const auto make = [&](const std::string& load, const std::string& save) {
    return NgramDrafter::Create({1, 3, 1000, 0, load, save, kSet});
  };
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator());
  };
  {
    auto first = make("", path);
    ASSERT_TRUE(first.ok()) << first.status().ToString();
    const auto memory = (*first)->NewMemory();
    (*first)->Read(*memory, Tokens{1, 2, 3});
    EXPECT_FALSE(std::filesystem::exists(path)) << "before the end";
    ASSERT_TRUE((*first)->Finish().ok());
  }
  EXPECT_EQ(files(), 1) << "no part is left";
  const std::string saved = folder.Read("run.ngram");
  {
    auto second = make(path, path);
    ASSERT_TRUE(second.ok()) << second.status().ToString();
    const auto memory = (*second)->NewMemory();
    const Tokens text = {9, 2};
    EXPECT_EQ((*second)->Continue(*memory, {text}, 4).tokens, (Tokens{3})) << "of the run before";
    // Without Finish, as in a run that was cut short.
  }
  EXPECT_EQ(folder.Read("run.ngram"), saved);
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(make("", folder.path() + "/none/run.ngram").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(make(folder.path() + "/absent", "").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace drafting

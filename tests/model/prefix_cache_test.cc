#include "core/model/prefix_cache.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace retort {
namespace {

constexpr size_t kPage = kKvPageTokens;

class PrefixCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto device = OpenDevice("ref");
    ASSERT_TRUE(device.ok());
    device_ = *device;
    pool_ = std::make_shared<KvPagePool>(*device_, KvLayout{1, 1, 2, DType::kF32});
  }

  /// `common` tokens that all prompts share, then `own` that only prompts of this `seed` have.
  static std::vector<int32_t> Prompt(size_t common, size_t own, int32_t seed) {
    std::vector<int32_t> tokens(common + own);
    std::iota(tokens.begin(), tokens.end(), 0);
    for (size_t i = common; i < tokens.size(); ++i) tokens[i] += 1000 * seed;
    return tokens;
  }

  /// Do what a step does with a new prompt; returns how much of it was there.
  size_t Run(PrefixCache& cache, const std::vector<int32_t>& prompt) {
    auto kv = cache.Begin(prompt);
    const size_t held = kv->length();
    EXPECT_TRUE(std::equal(kv->tokens().begin(), kv->tokens().end(), prompt.begin()));
    EXPECT_TRUE(kv->Reserve(prompt.size() - held).ok());
    kv->Advance(std::span(prompt).subspan(held));
    cache.Keep(*kv);
    return held;
  }

  std::shared_ptr<Device> device_;
  std::shared_ptr<KvPagePool> pool_;
};

TEST_F(PrefixCacheTest, HoldsWholePagesOfWhatPromptsShare) {
  PrefixCache cache(pool_, 100 * kPage);
  EXPECT_EQ(Run(cache, Prompt(3 * kPage, 5, 1)), 0u);
  EXPECT_EQ(cache.pages(), 3u);
  EXPECT_EQ(pool_->pages_in_use(), 3u);
  EXPECT_EQ(Run(cache, Prompt(3 * kPage, 5, 2)), 3 * kPage);
  EXPECT_EQ(Run(cache, Prompt(2 * kPage + 1, kPage, 3)), 2 * kPage);
  EXPECT_EQ(Run(cache, Prompt(kPage - 1, 3 * kPage, 4)), 0u);
  cache.Clear();
  EXPECT_EQ(cache.pages(), 0u);
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(PrefixCacheTest, LeavesTheLastTokenToTheStep) {
  PrefixCache cache(pool_, 100 * kPage);
  Run(cache, Prompt(2 * kPage, 0, 0));
  EXPECT_EQ(Run(cache, Prompt(2 * kPage, 0, 0)), kPage);
  EXPECT_EQ(Run(cache, Prompt(2 * kPage + 1, 0, 0)), 2 * kPage);
  EXPECT_EQ(Run(cache, Prompt(1, 0, 0)), 0u);
}

TEST_F(PrefixCacheTest, TheSamePageAfterAnotherBeginningIsAnother) {
  PrefixCache cache(pool_, 100 * kPage);
  std::vector<int32_t> a(2 * kPage + 1, 5), b(a);
  b[0] = 6;
  Run(cache, a);
  EXPECT_EQ(Run(cache, b), 0u);
  EXPECT_EQ(cache.pages(), 4u);
}

TEST_F(PrefixCacheTest, WhatWasUsedLongestAgoMakesRoom) {
  PrefixCache cache(pool_, 4 * kPage);
  for (int32_t i = 1; i <= 5; ++i) Run(cache, Prompt(2 * kPage, 2 * kPage, i));  // two pages shared, two their own
  EXPECT_EQ(cache.pages(), 4u);
  EXPECT_EQ(pool_->pages_in_use(), 4u);
  EXPECT_EQ(Run(cache, Prompt(2 * kPage, 2 * kPage, 5)), 3 * kPage);
  EXPECT_EQ(Run(cache, Prompt(2 * kPage, 2 * kPage, 1)), 2 * kPage);
  // A prompt longer than the cache keeps its beginning and throws nothing of its own out.
  EXPECT_EQ(Run(cache, Prompt(0, 9 * kPage, 7)), 0u);
  EXPECT_EQ(cache.pages(), 4u);
  EXPECT_EQ(Run(cache, Prompt(0, 9 * kPage, 7)), 4 * kPage);
}

TEST_F(PrefixCacheTest, NoRoomHoldsNothing) {
  PrefixCache cache(pool_, kPage - 1);
  EXPECT_EQ(Run(cache, Prompt(3 * kPage, 5, 1)), 0u);
  EXPECT_EQ(Run(cache, Prompt(3 * kPage, 5, 1)), 0u);
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(PrefixCacheTest, PagesOfASequenceOutliveTheCacheAndTheOtherWayRound) {
  auto cache = std::make_unique<PrefixCache>(pool_, 100 * kPage);
  const auto prompt = Prompt(2 * kPage, 5, 1);
  Run(*cache, prompt);
  auto kv = cache->Begin(prompt);
  cache.reset();
  EXPECT_EQ(kv->length(), 2 * kPage);
  EXPECT_EQ(pool_->pages_in_use(), 2u);
  kv.reset();
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(PrefixCacheTest, ServesSeveralThreads) {
  PrefixCache cache(pool_, 8 * kPage);
  std::vector<std::thread> threads;
  for (int32_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] {
      for (int32_t i = 0; i < 50; ++i) Run(cache, Prompt(2 * kPage, 3 * kPage, seed * 100 + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.pages(), 8u);
  EXPECT_EQ(pool_->pages_in_use(), 8u);
  EXPECT_GE(Run(cache, Prompt(2 * kPage, kPage, 9999)), 2 * kPage);
}

}  // namespace
}  // namespace retort

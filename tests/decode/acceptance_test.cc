// Single verdicts: what each rule does with one block.
#include "core/decode/acceptance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kVocab = 4;

/// Logits of rows of probabilities.
std::vector<float> Logits(const std::vector<std::vector<double>>& rows) {
  std::vector<float> logits;
  for (const auto& row : rows) {
    for (const double p : row) logits.push_back(p > 0 ? static_cast<float>(std::log(p)) : -INFINITY);
  }
  return logits;
}

Result<Verdict> Verify(const Acceptance& acceptance, const DraftBlock& draft, const std::vector<float>& logits,
                       SamplingParams params, uint64_t record = 0) {
  Sampler sampler(std::move(params));
  const std::vector<int32_t> sequence = {0};
  TargetRows rows(sampler, logits, kVocab, sequence);
  Verdict verdict;
  RETORT_RETURN_IF_ERROR(acceptance.Check());
  RETORT_RETURN_IF_ERROR(VerifyDraft(acceptance, draft, {1, record, sequence.size()}, rows, &verdict));
  return verdict;
}

const std::vector<std::vector<double>> kRows = {
    {0.1, 0.6, 0.2, 0.1}, {0.1, 0.2, 0.6, 0.1}, {0.6, 0.2, 0.1, 0.1}, {0.25, 0.25, 0.3, 0.2}};

TEST(Acceptance, GreedyGoesOnWhileTheDraftIsTheArgmax) {
  const std::vector<float> logits = Logits(kRows);
  for (const AcceptanceRule rule : {AcceptanceRule::kGreedy, AcceptanceRule::kLossless, AcceptanceRule::kTypical}) {
    const std::vector<int32_t> all = {1, 2, 0}, some = {1, 3, 0}, none = {0, 2, 0};
    const auto good = Verify({.rule = rule}, {all}, logits, {});
    ASSERT_TRUE(good.ok()) << good.status().ToString();
    EXPECT_THAT(good->path, ElementsAre(0, 1, 2));
    EXPECT_EQ(good->token, 2);
    const auto half = Verify({.rule = rule}, {some}, logits, {});
    EXPECT_THAT(half->path, ElementsAre(0));
    EXPECT_EQ(half->token, 2);
    const auto bad = Verify({.rule = rule}, {none}, logits, {});
    EXPECT_THAT(bad->path, IsEmpty());
    EXPECT_EQ(bad->token, 1);
  }
}

TEST(Acceptance, GreedyFollowsTheBranchThatIsTheArgmax) {
  // 0: token 3; 1: token 1; below it 2: token 0 and 3: token 2
  const std::vector<int32_t> tokens = {3, 1, 0, 2}, parents = {-1, -1, 1, 1};
  const auto verdict = Verify({.rule = AcceptanceRule::kGreedy}, {tokens, parents},
                              Logits({kRows[0], kRows[3], kRows[1], kRows[3], kRows[2]}), {});
  ASSERT_TRUE(verdict.ok());
  EXPECT_THAT(verdict->path, ElementsAre(1, 3));
  EXPECT_EQ(verdict->token, 0);
}

TEST(Acceptance, AnEmptyDraftGivesTheTokenOfPlainDecoding) {
  const std::vector<float> logits = Logits({kRows[3]});
  for (const bool block : {false, true}) {
    for (uint64_t record = 0; record < 50; ++record) {
      const auto verdict = Verify({.block = block}, {}, logits, {.temperature = 1}, record);
      const double u = BlockChance{1, record, 1}.Token(1);
      EXPECT_EQ(verdict->token, *Sampler({.temperature = 1}).Sample(logits, {}, u));
    }
  }
}

// The example of arXiv 2403.10444, section 2: p = (1/3, 2/3) and q = (2/3, 1/3) at every place, two tokens drafted.
TEST(Acceptance, BlocksAcceptElevenNinthsWhereTokensAcceptTen) {
  const std::vector<double> p = {1.0 / 3, 2.0 / 3, 0, 0};
  const std::vector<float> logits = Logits({p, p, p});
  const std::vector<float> q = {2.0f / 3, 1.0f / 3, 0, 0, 2.0f / 3, 1.0f / 3, 0, 0};
  Sampler sampler({.temperature = 1});
  const std::vector<int32_t> sequence = {0};
  constexpr int kBlocks = 200000;
  for (const bool block : {false, true}) {
    uint64_t accepted = 0;
    for (uint64_t record = 0; record < kBlocks; ++record) {
      const BlockChance chance{1, record, sequence.size()};
      const std::vector<int32_t> draft = {chance.Draft(0) * 3 < 2 ? 0 : 1, chance.Draft(1) * 3 < 2 ? 0 : 1};
      TargetRows rows(sampler, logits, kVocab, sequence);
      Verdict verdict;
      ASSERT_TRUE(VerifyDraft({.block = block}, {draft, {}, q}, chance, rows, &verdict).ok());
      accepted += verdict.path.size();
    }
    // A block's variance is below 1: five deviations of the mean.
    EXPECT_NEAR(static_cast<double>(accepted) / kBlocks, block ? 11.0 / 9 : 10.0 / 9, 0.011);
  }
}

TEST(Acceptance, TypicalAsksForMoreWhereTheTargetIsSure) {
  const std::vector<int32_t> draft = {2};
  const Acceptance typical{.rule = AcceptanceRule::kTypical};
  // Entropy 0.16: delta * exp(-H) = 0.26 > epsilon, so that 0.09 is the bar; 0.03 is below it.
  const auto sure = Verify(typical, {draft}, Logits({{0.97, 0, 0.03, 0}, kRows[0]}), {.temperature = 1});
  EXPECT_THAT(sure->path, IsEmpty());
  const auto unsure = Verify(typical, {draft}, Logits({{0.4, 0.4, 0.1, 0.1}, kRows[0]}), {.temperature = 1});
  EXPECT_THAT(unsure->path, ElementsAre(0));
  // The bar itself is not enough: p > min(...), strictly. Entropy of a flat row: 0.3 * exp(-ln 4) = 0.075.
  const Acceptance at_bar{.rule = AcceptanceRule::kTypical, .typical_epsilon = 0.25, .typical_delta = 1};
  const auto flat = Verify(at_bar, {draft}, Logits({{0.25, 0.25, 0.25, 0.25}, kRows[0]}), {.temperature = 1});
  EXPECT_THAT(flat->path, IsEmpty());
}

TEST(Acceptance, RelaxedRulesTakeTheLongestPath) {
  // 0: token 1 (likely), a leaf; 1: token 2, below it 2: token 0
  const std::vector<int32_t> tokens = {1, 2, 0}, parents = {-1, -1, 1};
  const std::vector<float> logits = Logits({kRows[0], kRows[3], kRows[2], kRows[1]});
  for (const AcceptanceRule rule : {AcceptanceRule::kTypical, AcceptanceRule::kThreshold}) {
    const auto verdict = Verify({.rule = rule}, {tokens, parents}, logits, {});
    if (rule == AcceptanceRule::kTypical) {
      EXPECT_THAT(verdict->path, ElementsAre(0)) << "at temperature 0 only the argmax is likely";
    } else {
      EXPECT_THAT(verdict->path, ElementsAre(1, 2));
      EXPECT_EQ(verdict->token, 2) << "the argmax after the path";
    }
  }
}

TEST(Acceptance, ThresholdLooksAtTheTemperatureOfTheCheck) {
  const std::vector<int32_t> draft = {2};
  const std::vector<float> logits = Logits({kRows[0], kRows[1]});
  // 0.2 of {0.1, 0.6, 0.2, 0.1} at temperature 0.6.
  const double at =
      std::pow(0.2, 1 / 0.6) / (2 * std::pow(0.1, 1 / 0.6) + std::pow(0.6, 1 / 0.6) + std::pow(0.2, 1 / 0.6));
  const auto accepted = [&](double threshold) {
    const auto verdict =
        Verify({.rule = AcceptanceRule::kThreshold, .threshold = threshold}, {draft}, logits, {.temperature = 0.1});
    return !verdict->path.empty();
  };
  EXPECT_TRUE(accepted(at - 1e-4));
  EXPECT_FALSE(accepted(at + 1e-4));
}

TEST(Acceptance, LenienceAtTemperature0IsAShareOfTheLargest) {
  const std::vector<int32_t> draft = {2, 2};
  const std::vector<float> logits = Logits({kRows[0], kRows[1], kRows[2]});
  const auto length = [&](double lenience) {
    return Verify({.rule = AcceptanceRule::kLenient, .lenience = lenience}, {draft}, logits, {})->path.size();
  };
  EXPECT_EQ(length(1), 0u);
  EXPECT_EQ(length(0.34), 0u) << "0.2 / 0.6 is less";
  EXPECT_EQ(length(0.33), 2u);
}

TEST(Acceptance, WhatDoesNotFitIsRefused) {
  const std::vector<float> logits = Logits({kRows[0], kRows[1]});
  const std::vector<int32_t> draft = {2}, wild = {4}, two = {1, 2}, loop = {0};
  const std::vector<float> q = {0.5f, 0.5f, 0, 0};
  const auto refused = [&](const Acceptance& acceptance, const DraftBlock& block, SamplingParams params) {
    return Verify(acceptance, block, logits, std::move(params)).status().message();
  };
  EXPECT_THAT(refused({.rule = AcceptanceRule::kGreedy}, {draft}, {.temperature = 1}), HasSubstr("temperature 0"));
  EXPECT_THAT(refused({}, {two}, {}), HasSubstr("expected 3 rows of logits"));
  EXPECT_THAT(refused({}, {wild}, {}), HasSubstr("expected tokens from 0 to 3, got 4"));
  EXPECT_THAT(refused({}, {draft, loop}, {}), HasSubstr("parents[0]"));
  EXPECT_THAT(refused({}, {draft, {}, q}, {.temperature = 1}), HasSubstr("q = 0"));
  EXPECT_THAT(refused({.block = true}, {draft, {}, q}, {.temperature = 1}), HasSubstr("q = 0"));
  EXPECT_THAT(refused({.block = true}, {draft, std::vector<int32_t>{-1}, q}, {.temperature = 1}), HasSubstr("a tree"));
  EXPECT_THAT(refused({.rule = AcceptanceRule::kTypical, .block = true}, {draft}, {}), HasSubstr("block"));
  EXPECT_THAT(refused({.rule = AcceptanceRule::kLenient, .lenience = 0}, {draft}, {}), HasSubstr("lenience"));
  EXPECT_THAT(refused({.threshold = 2}, {draft}, {}), HasSubstr("threshold"));
}

TEST(Acceptance, BrokenLogitsAreErrorsUnderEveryRule) {
  std::vector<float> logits = Logits({kRows[0], kRows[1]});
  logits[2] = std::nanf("");
  const std::vector<int32_t> draft = {2};
  const std::vector<float> q = {0.25f, 0.25f, 0.25f, 0.25f};
  for (int rule = 2; rule <= 5; ++rule) {
    for (const DraftBlock& block : {DraftBlock{draft}, DraftBlock{draft, {}, q}}) {
      const auto verdict =
          Verify({.rule = static_cast<AcceptanceRule>(rule), .lenience = 0.5}, block, logits, {.temperature = 1});
      EXPECT_EQ(verdict.status().code(), StatusCode::kInternal) << rule;
    }
  }
}

}  // namespace
}  // namespace retort

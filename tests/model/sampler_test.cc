#include "core/model/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/random.h"

namespace retort {
namespace {

using ::testing::HasSubstr;
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> RandomLogits(size_t count, uint64_t seed, double spread) {
  std::vector<float> logits(count);
  for (size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (uint32_t draw = 0; draw < 6; ++draw) sum += RandomUniform({seed, 0, 0, i, draw});
    logits[i] = static_cast<float>((sum - 3) * spread);
  }
  return logits;
}

/// The definition, in double and by full sorts: repetition penalty, temperature, top_k, top_p, min_p.
std::vector<TokenProbability> BruteForce(const SamplingParams& p, std::vector<float> logits,
                                         const std::vector<int32_t>& history) {
  const size_t window = p.repetition_window < 0 ? history.size() : static_cast<size_t>(p.repetition_window);
  std::map<int32_t, int> seen;
  for (size_t i = history.size() - std::min(window, history.size()); i < history.size(); ++i) ++seen[history[i]];
  for (const auto& [token, times] : seen) {
    float& logit = logits[static_cast<size_t>(token)];
    const auto penalty = static_cast<float>(p.repetition_penalty);
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
  });
  const double top = logits[static_cast<size_t>(order[0])];
  std::vector<double> weight;
  for (const int32_t token : order)
    weight.push_back(std::exp((logits[static_cast<size_t>(token)] - top) / p.temperature));
  if (p.top_k > 0 && static_cast<size_t>(p.top_k) < weight.size()) weight.resize(static_cast<size_t>(p.top_k));
  const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < weight.size() && p.top_p < 1; ++i) {
    sum += weight[i];
    if (sum >= p.top_p * total) weight.resize(i + 1);
  }
  std::erase_if(weight, [&](double w) { return w < p.min_p; });
  const double kept = std::accumulate(weight.begin(), weight.end(), 0.0);
  std::vector<TokenProbability> out;
  for (size_t i = 0; i < weight.size(); ++i) out.push_back({order[i], static_cast<float>(weight[i] / kept)});
  return out;
}

void ExpectSame(const SamplingParams& p, const std::vector<float>& logits, const std::vector<int32_t>& history) {
  Sampler sampler(p);
  std::vector<TokenProbability> got;
  ASSERT_TRUE(sampler.Distribution(logits, history, &got).ok());
  std::vector<TokenProbability> want = BruteForce(p, logits, history);
  const bool sorted = (p.top_k > 0 && static_cast<size_t>(p.top_k) < logits.size()) || p.top_p < 1;
  if (!sorted) std::sort(want.begin(), want.end(), [](const auto& a, const auto& b) { return a.token < b.token; });
  std::erase_if(want, [](const auto& item) { return item.probability < 1e-37f; });
  std::erase_if(got, [](const auto& item) { return item.probability < 1e-37f; });
  ASSERT_EQ(got.size(), want.size());
  double sum = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].token, want[i].token) << "place " << i;
    // Float logits far below the peak round at up to 1e-7 of the distance.
    ASSERT_NEAR(got[i].probability, want[i].probability, 3e-5 * want[i].probability) << "place " << i;
    sum += static_cast<double>(got[i].probability);
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(Sampler, DistributionsEqualBruteForceAloneAndCombined) {
  std::vector<int32_t> history;
  for (int32_t i = 0; i < 40; ++i) history.push_back(i * 7 % 150);
  for (const size_t count : {1u, 2u, 17u, 1000u, 2003u}) {
    for (const double spread : {0.3, 3.0, 20.0}) {
      const std::vector<float> logits = RandomLogits(count, count, spread);
      const std::vector<int32_t> past = count > 150 ? history : std::vector<int32_t>{0};
      for (const double temperature : {0.3, 1.7}) {
        for (const int32_t top_k : {0, 1, 40, 3000}) {
          for (const double top_p : {0.2, 0.9, 1.0}) {
            for (const double min_p : {0.0, 0.05}) {
              for (const double penalty : {1.0, 1.3}) {
                SCOPED_TRACE(::testing::Message()
                             << count << " logits, spread " << spread << ", temperature " << temperature << ", top_k "
                             << top_k << ", top_p " << top_p << ", min_p " << min_p << ", penalty " << penalty);
                ExpectSame({temperature, top_k, top_p, min_p, penalty, -1}, logits, past);
                if (HasFatalFailure()) return;
              }
            }
          }
        }
      }
    }
  }
}

TEST(Sampler, TiesGoToTheSmallerId) {
  std::vector<float> logits(300, 1.0f);
  logits[7] = logits[200] = 5.0f;
  EXPECT_EQ(*Sampler({}).Sample(logits, {}, 0.99), 7);
  ExpectSame({1.0, 5, 1, 0, 1, -1}, logits, {});
  ExpectSame({1.0, 0, 0.5, 0, 1, -1}, logits, {});
  ExpectSame({1.0, 0, 0.99, 0, 1, -1}, logits, {});
  Sampler top({1.0, 5, 1, 0, 1, -1});
  std::vector<TokenProbability> out;
  ASSERT_TRUE(top.Distribution(logits, {}, &out).ok());
  std::vector<int32_t> tokens;
  for (const auto& item : out) tokens.push_back(item.token);
  EXPECT_THAT(tokens, ::testing::ElementsAre(7, 200, 0, 1, 2));
}

TEST(Sampler, GreedyFindsTheLargestWhereverItStands) {
  for (const size_t count : {1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 3000u}) {
    std::vector<float> logits = RandomLogits(count, 5, 1);
    for (const size_t place : {size_t{0}, count / 2, count - 1}) {
      std::vector<float> row = logits;
      row[place] = 100;
      EXPECT_EQ(*Sampler({}).Sample(row, {}, 0), static_cast<int32_t>(place));
      for (float& value : row) value -= 1000;  // all below zero
      EXPECT_EQ(*Sampler({}).Sample(row, {}, 0), static_cast<int32_t>(place));
    }
  }
  const std::vector<float> zeros = {-0.0f, 0.0f, -1.0f};
  EXPECT_EQ(*Sampler({}).Sample(zeros, {}, 0), 0);
  const std::vector<float> mostly_out = {-kInf, -3e38f, -kInf};
  EXPECT_EQ(*Sampler({}).Sample(mostly_out, {}, 0), 1);
}

TEST(Sampler, GreedyDistributionIsAPoint) {
  const std::vector<float> logits = {1, 3, 2};
  Sampler sampler({});
  std::vector<TokenProbability> out;
  ASSERT_TRUE(sampler.Distribution(logits, {}, &out).ok());
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].token, 1);
  EXPECT_EQ(out[0].probability, 1.0f);
}

TEST(Sampler, PenaltyFollowsTheFormulaOncePerToken) {
  const std::vector<float> logits = {2.0f, -2.0f, 1.9f, 0.5f};
  SamplingParams p;
  p.repetition_penalty = 1.25;
  // 2.0 / 1.25 = 1.6 < 1.9, however often token 0 was seen.
  const std::vector<int32_t> history = {0, 0, 0, 1};
  EXPECT_EQ(*Sampler(p).Sample(logits, history, 0), 2);
  p.temperature = 1;
  std::vector<TokenProbability> out;
  Sampler sampler(p);
  ASSERT_TRUE(sampler.Distribution(logits, history, &out).ok());
  EXPECT_NEAR(std::log(out[0].probability / out[2].probability), 1.6 - 1.9, 1e-5);
  EXPECT_NEAR(std::log(out[1].probability / out[2].probability), -2.5 - 1.9, 1e-5);
  EXPECT_NEAR(std::log(out[3].probability / out[2].probability), 0.5 - 1.9, 1e-5);
  // A window of 1 sees token 1 only, one of 0 nothing. Ids that are no tokens are passed over.
  p.temperature = 0;
  p.repetition_window = 1;
  EXPECT_EQ(*Sampler(p).Sample(logits, history, 0), 0);
  p.repetition_window = 0;
  EXPECT_EQ(*Sampler(p).Sample(logits, history, 0), 0);
  p.repetition_window = -1;
  const std::vector<int32_t> strange = {-1, 99};
  EXPECT_EQ(*Sampler(p).Sample(logits, strange, 0), 0);
}

TEST(Sampler, BiasComesBeforeThePenaltyAndTheMaskAfterIt) {
  const std::vector<float> logits = {2.0f, -2.0f, 1.9f, 0.5f};
  const std::vector<int32_t> history = {3};
  const SamplingParams p{.temperature = 1,
                         .repetition_penalty = 2,
                         .logit_bias = {{3, 1.0f}, {3, 0.5f}, {0, -kInf}},
                         .allowed = {3, 0, 2}};
  std::vector<TokenProbability> out;
  Sampler sampler(p);
  ASSERT_TRUE(sampler.Distribution(logits, history, &out).ok());
  ASSERT_EQ(out.size(), 2u) << "0 is biased away, 1 is not allowed";
  EXPECT_EQ(out[0].token, 2);
  EXPECT_EQ(out[1].token, 3);
  EXPECT_NEAR(std::log(out[0].probability / out[1].probability), 1.9 - (0.5 + 1.5) / 2, 1e-5);
  sampler.set_params({.allowed = {1, 3}});
  EXPECT_EQ(*sampler.Sample(logits, {}, 0), 3) << "the largest of those allowed";
}

TEST(Sampler, BiasAndMaskThatDoNotFitAreRefused) {
  const std::vector<float> logits = {1, 2, 3};
  const auto refused = [&](SamplingParams p) { return Sampler(std::move(p)).Sample(logits, {}, 0).status(); };
  EXPECT_THAT(refused({.logit_bias = {{3, 1}}}).message(), HasSubstr("logit_bias: expected tokens from 0 to 2, got 3"));
  EXPECT_THAT(refused({.allowed = {7}}).message(), HasSubstr("allowed: expected tokens from 0 to 2, got 7"));
  const Status nothing = refused({.logit_bias = {{1, -kInf}}, .allowed = {1}});
  EXPECT_EQ(nothing.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(nothing.message(), HasSubstr("leave no token"));
}

TEST(Sampler, ProbabilitiesAreTheDistributionAsARow) {
  const std::vector<float> logits = RandomLogits(3000, 5, 2);
  const std::vector<int32_t> history = {1, 2, 3};
  for (const SamplingParams& p :
       {SamplingParams{}, SamplingParams{1.0, 0, 1, 0, 1, -1}, SamplingParams{0.8, 50, 1, 0, 1.2, -1},
        SamplingParams{1.2, 0, 0.8, 0, 1, -1}, SamplingParams{1.0, 0, 1, 0.1, 1, -1}}) {
    Sampler sampler(p);
    std::vector<TokenProbability> list;
    std::vector<float> row;
    ASSERT_TRUE(sampler.Distribution(logits, history, &list).ok());
    ASSERT_TRUE(sampler.Probabilities(logits, history, &row).ok());
    std::vector<float> expected(logits.size());
    for (const auto& item : list) expected[static_cast<size_t>(item.token)] = item.probability;
    for (size_t i = 0; i < row.size(); ++i) ASSERT_NEAR(row[i], expected[i], 1e-6f * expected[i]) << i;
  }
}

TEST(Sampler, SampleIsTheInverseOfTheCumulativeDistribution) {
  const std::vector<float> logits = RandomLogits(5000, 11, 2);
  for (const SamplingParams& p : {SamplingParams{1.0, 0, 1, 0, 1, -1}, SamplingParams{0.8, 50, 1, 0, 1, -1},
                                  SamplingParams{1.2, 0, 0.8, 0, 1, -1}, SamplingParams{1.0, 0, 1, 0.1, 1, -1}}) {
    Sampler sampler(p);
    std::vector<TokenProbability> out;
    ASSERT_TRUE(sampler.Distribution(logits, {}, &out).ok());
    double sum = 0;
    size_t item = 0;
    for (int step = 0; step < 1000; ++step) {
      const double u = (step + 0.5) / 1000;
      while (item + 1 < out.size() && sum + static_cast<double>(out[item].probability) <= u) {
        sum += static_cast<double>(out[item++].probability);
      }
      const double next = sum + static_cast<double>(out[item].probability);
      if (std::min(u - sum, next - u) < 1e-6) continue;  // at the border rounding decides
      ASSERT_EQ(*sampler.Sample(logits, {}, u), out[item].token) << "u = " << u;
    }
    EXPECT_EQ(*sampler.Sample(logits, {}, 0), out.front().token);
    EXPECT_EQ(*sampler.Sample(logits, {}, std::nextafter(1.0, 0.0)), out.back().token);
  }
}

TEST(Sampler, DrawsFollowTheDistribution) {
  const std::vector<float> logits = RandomLogits(60, 3, 1.5);
  for (const SamplingParams& p : {SamplingParams{0.9, 0, 1, 0, 1, -1}, SamplingParams{1.1, 20, 0.95, 0.02, 1.1, 8}}) {
    Sampler sampler(p);
    const std::vector<int32_t> history = {1, 2, 3};
    std::vector<TokenProbability> out;
    ASSERT_TRUE(sampler.Distribution(logits, history, &out).ok());
    constexpr int kDraws = 100000;
    std::map<int32_t, int> counts;
    for (uint64_t i = 0; i < kDraws; ++i) ++counts[*sampler.Sample(logits, history, RandomUniform({42, 0, 0, i, 0}))];
    double chi = 0;
    int cells = 0, outside = kDraws;
    for (const auto& item : out) {
      outside -= counts[item.token];
      const double expected = static_cast<double>(item.probability) * kDraws;
      if (expected < 5) continue;
      chi += (counts[item.token] - expected) * (counts[item.token] - expected) / expected;
      ++cells;
    }
    EXPECT_EQ(outside, 0);
    ASSERT_GT(cells, 5);
    // Chi-square has mean n and variance 2n; five deviations is less than one in a million. Draws are seeded.
    EXPECT_LT(chi, cells + 5 * std::sqrt(2.0 * cells));
  }
}

TEST(Sampler, ExtremeTemperaturesStayFinite) {
  const std::vector<float> logits = {1, 3, 2, -kInf};
  EXPECT_EQ(*Sampler({1e-300, 0, 1, 0, 1, -1}).Sample(logits, {}, 0.999), 1);
  Sampler hot({1e300, 0, 1, 0, 1, -1});
  std::vector<TokenProbability> out;
  ASSERT_TRUE(hot.Distribution(logits, {}, &out).ok());
  ASSERT_EQ(out.size(), 3u);  // -inf stays out
  for (const auto& item : out) EXPECT_FLOAT_EQ(item.probability, 1.0f / 3);
}

TEST(Sampler, BrokenLogitsAreErrors) {
  for (const double temperature : {0.0, 1.0}) {
    Sampler sampler({temperature, 0, 1, 0, 1, -1});
    for (const float broken : {kNan, -kNan, kInf}) {
      for (const size_t place : {0u, 20u, 99u}) {
        std::vector<float> logits = RandomLogits(100, 1, 1);
        logits[place] = broken;
        EXPECT_EQ(sampler.Sample(logits, {}, 0.5).status().code(), StatusCode::kInternal);
      }
    }
    const std::vector<float> nothing(100, -kInf);
    EXPECT_EQ(sampler.Sample(nothing, {}, 0.5).status().code(), StatusCode::kInternal);
    EXPECT_EQ(sampler.Sample({}, {}, 0.5).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(SamplingParams, CheckNamesTheFirstValueOutOfRange) {
  EXPECT_TRUE(SamplingParams().Check().ok());
  EXPECT_TRUE((SamplingParams{0.7, 40, 0.9, 0.05, 1.1, 64}).Check().ok());
  const std::pair<SamplingParams, const char*> bad[] = {{{-0.1, 0, 1, 0, 1, -1}, "temperature"},
                                                        {{kNan, 0, 1, 0, 1, -1}, "temperature"},
                                                        {{kInf, 0, 1, 0, 1, -1}, "temperature"},
                                                        {{1, -1, 1, 0, 1, -1}, "top_k"},
                                                        {{1, 0, 0, 0, 1, -1}, "top_p"},
                                                        {{1, 0, 1.01, 0, 1, -1}, "top_p"},
                                                        {{1, 0, 1, -0.1, 1, -1}, "min_p"},
                                                        {{1, 0, 1, 1.5, 1, -1}, "min_p"},
                                                        {{1, 0, 1, 0, 0, -1}, "repetition_penalty"},
                                                        {{1, 0, 1, 0, kNan, -1}, "repetition_penalty"},
                                                        {{1, 0, 1, 0, 1, -2}, "repetition_window"},
                                                        {{.logit_bias = {{-1, 0}}}, "logit_bias"},
                                                        {{.logit_bias = {{1, kNan}}}, "logit_bias"},
                                                        {{.allowed = {-1}}, "allowed"}};
  for (const auto& [params, name] : bad) {
    const Status status = params.Check();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace retort

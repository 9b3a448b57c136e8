// Perplexity, divergence and agreement against sums written out plainly.
#include "core/model/perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/base/random.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;
using testing::TinyModel;

std::string SomeText(size_t words) {
  static constexpr const char* kWords[] = {"the", "sea", "is", "wide;", "and", "11", "ships", "sail\n", "on,\n\n", "é"};
  std::string text;
  for (size_t i = 0; i < words; ++i) text += std::string(kWords[RandomBits({9, 0, 0, i, 0}) % 10]) + " ";
  return text;
}

std::shared_ptr<Model> LoadTiny(const std::string& weights, const TinyModel& tiny = {}) {
  ModelConfig config;
  config.source = testing::WriteTinyModel(testing::TempPath("perplexity.gguf"), tiny);
  config.weights = weights;
  config.precision = Precision::kExact;
  config.prefix_cache = 0;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

std::vector<double> LogSoftmax(const std::vector<float>& logits) {
  long double total = 0;
  for (const float x : logits) total += std::exp(static_cast<long double>(x));
  std::vector<double> out;
  for (const float x : logits) out.push_back(static_cast<double>(x - std::log(total)));
  return out;
}

struct Moments {
  double mean = 0, error = 0;
};
Moments MomentsOf(const std::vector<double>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - m.mean) * (v - m.mean);
  m.error = std::sqrt(squares / (n - 1) / n);
  return m;
}

/// The logits after each of `tokens`, a step a token.
std::vector<std::vector<float>> StepByStep(Model& model, const std::vector<int32_t>& tokens) {
  std::vector<std::vector<float>> rows;
  const auto kv = *model.CreateSequence();
  for (const int32_t token : tokens) {
    const ForwardItem item{kv.get(), {&token, 1}, 0};
    std::span<const float> logits;
    EXPECT_TRUE(model.Forward({&item, 1}, &logits).ok());
    rows.emplace_back(logits.begin(), logits.end());
  }
  return rows;
}

struct NaiveScores {
  std::vector<double> loss, base_loss, difference, divergence, agrees;
};
NaiveScores ScoreNaively(Model& model, Model& base, const std::vector<int32_t>& tokens, size_t window) {
  NaiveScores out;
  for (size_t begin = 0; begin + window <= tokens.size(); begin += window) {
    const std::vector<int32_t> part(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                                    tokens.begin() + static_cast<std::ptrdiff_t>(begin + window));
    const auto rows = StepByStep(model, part), base_rows = StepByStep(base, part);
    for (size_t i = window / 2; i < window; ++i) {
      const std::vector<double> q = LogSoftmax(rows[i - 1]), p = LogSoftmax(base_rows[i - 1]);
      const auto token = static_cast<size_t>(part[i]);
      double divergence = 0;
      for (size_t v = 0; v < p.size(); ++v) divergence += std::exp(p[v]) * (p[v] - q[v]);
      out.loss.push_back(-q[token]);
      out.base_loss.push_back(-p[token]);
      out.difference.push_back(p[token] - q[token]);
      out.divergence.push_back(divergence);
      out.agrees.push_back(std::max_element(p.begin(), p.end()) - p.begin() ==
                           std::max_element(q.begin(), q.end()) - q.begin());
    }
  }
  return out;
}

void ExpectNear(const Estimate& estimate, double value, double error, const char* what) {
  EXPECT_NEAR(estimate.value, value, 1e-6 * std::max(1.0, std::fabs(value))) << what;
  EXPECT_NEAR(estimate.error, error, 1e-6 * std::max(1.0, std::fabs(error))) << what;
}

class PerplexityTest : public ::testing::TestWithParam<int32_t> {};

TEST_P(PerplexityTest, EqualsThePlainSums) {
  const int32_t window = GetParam();
  const auto base = LoadTiny("native"), model = LoadTiny("q4_0");
  ASSERT_TRUE(base != nullptr && model != nullptr);
  const std::string words = SomeText(150);
  std::istringstream in(words);
  TextTokens text(in, "words", model->tokenizer(), &base->tokenizer());
  PerplexityOptions options;
  options.window = window;
  size_t calls = 0;
  options.progress = [&](const PerplexityFigures& so_far) {
    ++calls;
    EXPECT_EQ(so_far.tokens, calls * static_cast<size_t>(window - window / 2));
  };
  const auto figures = MeasurePerplexity(*model, base.get(), text, options);
  ASSERT_TRUE(figures.ok()) << figures.status().ToString();
  const auto tokens = model->tokenizer().Encode(words, {});
  const NaiveScores naive = ScoreNaively(*model, *base, *tokens, static_cast<size_t>(window));
  ASSERT_GE(naive.loss.size(), 100u);
  EXPECT_EQ(figures->tokens, naive.loss.size());
  EXPECT_EQ(calls, tokens->size() / static_cast<size_t>(window));
  const auto log = [](const std::vector<double>& values) {
    const Moments m = MomentsOf(values);
    return Moments{std::exp(m.mean), std::exp(m.mean) * m.error};
  };
  const Moments perplexity = log(naive.loss), base_perplexity = log(naive.base_loss), ratio = log(naive.difference),
                divergence = MomentsOf(naive.divergence), agreement = MomentsOf(naive.agrees);
  ExpectNear(figures->perplexity, perplexity.mean, perplexity.error, "perplexity");
  ExpectNear(figures->base_perplexity, base_perplexity.mean, base_perplexity.error, "the base's");
  ExpectNear(figures->ratio, ratio.mean, ratio.error, "ratio");
  ExpectNear(figures->divergence, divergence.mean, divergence.error, "divergence");
  ExpectNear(figures->agreement, agreement.mean, agreement.error, "agreement");
  EXPECT_GT(figures->divergence.value, 1e-5);  // the two sides do differ
}
INSTANTIATE_TEST_SUITE_P(Windows, PerplexityTest, ::testing::Values(2, 33, 64));

TEST(Perplexity, AModelEqualsItself) {
  const auto model = LoadTiny("native");
  std::istringstream in(SomeText(100));
  TextTokens text(in, "words", model->tokenizer());
  PerplexityOptions options;
  options.window = 32;
  options.tokens = 20;
  const auto figures = MeasurePerplexity(*model, model.get(), text, options);
  ASSERT_TRUE(figures.ok()) << figures.status().ToString();
  EXPECT_EQ(figures->tokens, 32u);  // whole windows of 16 scored ones, until there are 20
  EXPECT_EQ(figures->ratio.value, 1);
  EXPECT_EQ(figures->ratio.error, 0);
  EXPECT_NEAR(figures->divergence.value, 0, 1e-15);
  EXPECT_EQ(figures->agreement.value, 1);
}

TEST(Perplexity, RefusesWhatCannotBeMeasured) {
  const auto model = LoadTiny("native");
  const auto measure = [&](const std::string& words, int32_t window) {
    std::istringstream in(words);
    TextTokens text(in, "words.txt", model->tokenizer());
    PerplexityOptions options;
    options.window = window;
    const auto figures = MeasurePerplexity(*model, nullptr, text, options);
    return figures.status().ToString();
  };
  EXPECT_EQ(measure("abc", 64),
            "invalid_argument: words.txt: expected at least one window of 64 tokens, got 3; take a longer text or a "
            "smaller window");
  EXPECT_THAT(measure(SomeText(100), 1), HasSubstr("window: expected 2 to 256 tokens"));
  EXPECT_THAT(measure(SomeText(100), 257), HasSubstr("window: expected 2 to 256 tokens"));
  EXPECT_THAT(measure("good\n\xFF bad", 4), HasSubstr("words.txt: in the text from byte 0 on: "));
}

TEST(TokenScore, NamesBrokenLogits) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> good = {1, 2, 3};
  for (const std::vector<float>& bad : {std::vector<float>{1, nan, 3}, {1, infinite, 3}, {-infinite, -infinite}}) {
    EXPECT_EQ(ScoreToken(bad, {}, 0).status().code(), StatusCode::kInternal);
    EXPECT_EQ(ScoreToken(good, bad, 0).status().code(), StatusCode::kInternal);
  }
}

TEST(TokenScore, TokensThatCannotComeAddNothing) {
  const float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> base = {1, 2, -infinite, -1e30f}, row = {2, 1, -infinite, -infinite};
  const auto score = ScoreToken(row, base, 0);
  ASSERT_TRUE(score.ok());
  const double p = 1 / (1 + std::exp(1)), q = 1 - p;
  EXPECT_NEAR(score->divergence, p * std::log(p / q) + q * std::log(q / p), 1e-12);
  EXPECT_NEAR(score->loss, -std::log(q), 1e-12);
  EXPECT_NEAR(score->base_loss, -std::log(p), 1e-12);
  EXPECT_FALSE(score->agrees);
}

TEST(TextTokens, PiecesGiveTheTokensOfTheWhole) {
  const auto model = LoadTiny("native");
  const std::string long_line = SomeText(40000) + std::string(70000, 'x') + "\n  indented\n\n\n" + SomeText(20000);
  const auto expected = model->tokenizer().Encode(long_line, {});
  ASSERT_TRUE(expected.ok());
  std::istringstream in(long_line);
  TextTokens text(in, "words", model->tokenizer());
  std::vector<int32_t> tokens;
  for (size_t before = 1; before != tokens.size();) {
    before = tokens.size();
    const size_t count = 1 + RandomBits({1, 0, 0, before, 0}) % 9000;
    ASSERT_TRUE(text.Take(count, &tokens).ok());
    ASSERT_LE(tokens.size(), before + count);
  }
  EXPECT_EQ(tokens, *expected);
}

}  // namespace
}  // namespace retort

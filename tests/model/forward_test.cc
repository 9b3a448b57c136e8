// The step over many sequences: whatever is in it, and however it is cut, a sequence's logits are those it has alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/model/model.h"
#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/matrix_tiles.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/weight_types.h"

namespace retort {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::TinyModel;
using testing::Tokens;

struct Case {
  std::string device;
  TinyModel tiny;
};

std::shared_ptr<Model> Load(const TinyModel& tiny, ModelConfig config) {
  config.source = testing::WriteTinyModel(testing::TempPath("tiny.gguf"), tiny);
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

ModelConfig Exact(const std::string& device) {
  ModelConfig config;
  config.device = device;
  config.precision = Precision::kExact;
  return config;
}

class ForwardTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    model_ = Load(GetParam().tiny, Exact(GetParam().device));
    ASSERT_NE(model_, nullptr);
    vocab_ = static_cast<size_t>(model_->hyper().vocab);
  }
  std::unique_ptr<KvSequence> New() { return *model_->CreateSequence(); }

  std::shared_ptr<Model> model_;
  size_t vocab_ = 0;
};

TEST_P(ForwardTest, OneStepOfManySequencesEqualsStepsOfOne) {
  const size_t past[] = {0, 1, 31, 32, 33, 70, 5, 0, 100};
  const size_t fresh[] = {1, 1, 1, 2, 5, 3, 40, 33, 1};
  std::vector<std::unique_ptr<KvSequence>> alone, together;
  std::vector<std::vector<int32_t>> tokens;
  std::vector<float> expected;
  for (size_t i = 0; i < std::size(past); ++i) {
    alone.push_back(New());
    if (past[i] > 0) Feed(*model_, *alone.back(), Tokens(past[i], i));
    together.push_back(alone.back()->Fork());
    tokens.push_back(Tokens(fresh[i], 100 + i));
    const std::vector<float> logits = Feed(*model_, *alone.back(), tokens.back(), i % 3 == 2 ? fresh[i] - 1 : 0);
    expected.insert(expected.end(), logits.begin(), logits.end());
  }
  std::vector<ForwardItem> items;
  for (size_t i = 0; i < tokens.size(); ++i) {
    items.push_back({together[i].get(), tokens[i], i % 3 == 2 ? fresh[i] - 1 : 0});
  }
  std::span<const float> logits;
  ASSERT_TRUE(model_->Forward(items, &logits).ok());
  ASSERT_EQ(logits.size(), expected.size());
  EXPECT_TRUE(std::equal(logits.begin(), logits.end(), expected.begin()));
  for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(together[i]->length(), past[i] + fresh[i]);
  // What was stored is the same too: the next token sees it.
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::vector<int32_t> next = {7};
    EXPECT_EQ(Feed(*model_, *together[i], next), Feed(*model_, *alone[i], next));
  }
}

TEST_P(ForwardTest, AnyCutOfThePromptGivesTheSameLogits) {
  const std::vector<int32_t> tokens = Tokens(90, 1);
  auto whole = New();
  const std::vector<float> expected = Feed(*model_, *whole, tokens);
  ASSERT_EQ(expected.size(), tokens.size() * vocab_);
  for (const size_t chunk : {1u, 7u, 32u, 64u}) {
    auto kv = New();
    std::vector<float> logits;
    for (size_t at = 0; at < tokens.size(); at += chunk) {
      const auto part = Feed(*model_, *kv, std::span(tokens).subspan(at, std::min<size_t>(chunk, tokens.size() - at)));
      logits.insert(logits.end(), part.begin(), part.end());
    }
    EXPECT_EQ(logits, expected) << "in chunks of " << chunk;
  }
}

TEST_P(ForwardTest, APromptThatBeginsLikeAnEarlierOneGivesTheSameLogits) {
  const std::vector<int32_t> first = Tokens(100, 1);
  std::vector<int32_t> second(first.begin(), first.begin() + 70);
  const std::vector<int32_t> rest = Tokens(40, 2);
  second.insert(second.end(), rest.begin(), rest.end());
  auto alone = New();
  const std::vector<float> expected = Feed(*model_, *alone, second);
  // The expected logits left `second` itself in the cache: another model sees only `first` before.
  const auto model = Load(GetParam().tiny, Exact(GetParam().device));
  ASSERT_NE(model, nullptr);
  auto before = *model->BeginSequence(first);
  EXPECT_EQ(before->length(), 0u);
  Feed(*model, *before, first);
  auto kv = *model->BeginSequence(second);
  ASSERT_EQ(kv->length(), 64u);  // two whole pages
  const std::vector<float> logits = Feed(*model, *kv, std::span(second).subspan(64));
  EXPECT_TRUE(std::equal(logits.begin(), logits.end(), expected.begin() + static_cast<std::ptrdiff_t>(64 * vocab_),
                         expected.end()));
}

TEST_P(ForwardTest, PassesOfAnyLengthGiveTheSameLogits) {
  const std::vector<int32_t> a = Tokens(50, 1), b = Tokens(20, 2), c = Tokens(1, 3);
  std::vector<float> expected;
  for (const int32_t step : {512, 71, 16, 7, 1}) {
    ModelConfig config = Exact(GetParam().device);
    config.step_tokens = step;
    const auto model = Load(GetParam().tiny, config);
    ASSERT_NE(model, nullptr);
    auto x = *model->CreateSequence(), y = *model->CreateSequence(), z = *model->CreateSequence();
    const ForwardItem items[] = {{x.get(), a, 49}, {y.get(), b, 20}, {z.get(), c, 0}};
    std::span<const float> logits;
    ASSERT_TRUE(model->Forward(items, &logits).ok());
    std::vector<float> got(logits.begin(), logits.end());
    for (const auto* kv : {x.get(), y.get(), z.get()}) {
      auto fork = kv->Fork();
      const auto next = Feed(*model, *fork, c);
      got.insert(got.end(), next.begin(), next.end());
    }
    if (expected.empty()) expected = got;
    EXPECT_EQ(got, expected) << "step_tokens " << step;
  }
}

TEST_P(ForwardTest, ForkTruncateAppendEqualsAFreshPrefill) {
  const std::vector<int32_t> prompt = Tokens(75, 1), other = Tokens(40, 2);
  auto kv = New();
  Feed(*model_, *kv, prompt);
  for (const size_t keep : {0u, 1u, 31u, 32u, 50u, 64u, 75u}) {
    auto fork = kv->Fork();
    ASSERT_TRUE(fork->Truncate(keep).ok());
    const std::vector<float> got = Feed(*model_, *fork, other);
    std::vector<int32_t> all(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(keep));
    all.insert(all.end(), other.begin(), other.end());
    auto fresh = New();
    EXPECT_EQ(got, Feed(*model_, *fresh, all, keep)) << "keeping " << keep;
  }
  // The forks' writes left the original alone.
  auto fresh = New();
  Feed(*model_, *fresh, prompt);
  EXPECT_EQ(Feed(*model_, *kv, other), Feed(*model_, *fresh, other));
}

TEST_P(ForwardTest, LogitsOnlyForWantedTokens) {
  const std::vector<int32_t> tokens = Tokens(10, 4);
  auto all = New();
  const std::vector<float> expected = Feed(*model_, *all, tokens);
  for (const size_t first : {1u, 9u, 10u, 99u}) {
    auto kv = New();
    const std::vector<float> logits = Feed(*model_, *kv, tokens, first);
    const size_t rows = first < 10 ? 10 - first : 0;
    ASSERT_EQ(logits.size(), rows * vocab_);
    EXPECT_TRUE(std::equal(logits.begin(), logits.end(), expected.end() - static_cast<std::ptrdiff_t>(logits.size())));
    EXPECT_EQ(kv->length(), 10u);
  }
}

TEST_P(ForwardTest, RefusedStepsChangeNothing) {
  auto kv = New(), other = New();
  const std::vector<int32_t> prompt = Tokens(200, 1), good = Tokens(3, 2);
  Feed(*model_, *kv, prompt, 200);
  const size_t pages = kv->pool().pages_in_use();
  const auto refused = [&](std::vector<ForwardItem> items, StatusCode code, const std::string& part) {
    std::span<const float> logits;
    const Status status = model_->Forward(items, &logits);
    EXPECT_EQ(status.code(), code) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(part));
    EXPECT_EQ(kv->length(), 200u);
    EXPECT_EQ(other->length(), 0u);
    EXPECT_EQ(kv->pool().pages_in_use(), pages);
  };
  const std::vector<int32_t> large = Tokens(57, 3), too_high = {1, static_cast<int32_t>(vocab_)}, negative = {-1}, none;
  refused({{other.get(), good, 0}, {kv.get(), large, 0}}, StatusCode::kResourceExhausted,
          "exceed the context of 256 tokens");
  refused({{other.get(), good, 0}, {kv.get(), too_high, 0}}, StatusCode::kInvalidArgument,
          "token " + std::to_string(vocab_));
  refused({{kv.get(), negative, 0}}, StatusCode::kInvalidArgument, "token -1");
  refused({{other.get(), good, 0}, {kv.get(), none, 0}}, StatusCode::kInvalidArgument, "no tokens");
  refused({}, StatusCode::kInvalidArgument, "at least one sequence");
  refused({{kv.get(), good, 0}, {kv.get(), good, 0}}, StatusCode::kInvalidArgument, "twice");
  refused({{nullptr, good, 0}}, StatusCode::kInvalidArgument, "no model");
  const auto stranger = Load(GetParam().tiny, Exact(GetParam().device));
  auto foreign = *stranger->CreateSequence();
  refused({{foreign.get(), good, 0}}, StatusCode::kInvalidArgument, "another one");
  // The context may be filled to its last token.
  const std::vector<int32_t> rest = Tokens(56, 3);
  auto fork = kv->Fork();
  Feed(*model_, *fork, rest, 55);
  EXPECT_EQ(fork->length(), 256u);
}

std::vector<Case> Cases() {
  const TinyModel llama, qwen{.architecture = "qwen2", .heads = 4, .kv_heads = 1},
      quantised{.type = DType::kQ4_1, .tied = false}, eight{.layers = 1, .kv_heads = 4, .type = DType::kQ8_0};
  const TinyModel normed{.architecture = "qwen3", .kv_heads = 1};
  return {{"ref", {.hidden = 32, .ffn = 32}},
          {"cpu", llama},
          {"cpu", qwen},
          {"cpu", normed},
          {"cpu", quantised},
          {"cpu", eight}};
}
std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  const TinyModel& tiny = info.param.tiny;
  return info.param.device + "_" + tiny.architecture + "_" + std::string(DTypeName(tiny.type));
}
INSTANTIATE_TEST_SUITE_P(Devices, ForwardTest, ::testing::ValuesIn(Cases()), CaseName);

/// Largest distance between logits, relative to their spread.
double Distance(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0, square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(a[i]) - b[i]));
    square += static_cast<double>(a[i]) * a[i];
  }
  return largest / std::sqrt(square / static_cast<double>(a.size()));
}

/// Root mean square of the distances between logits, relative to that of the logits.
double MeanDistance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    square += static_cast<double>(a[i]) * a[i];
  }
  return std::sqrt(error / square);
}

TEST(ForwardParity, CpuIsCloseToTheReference) {
  for (const std::string architecture : {"llama", "qwen2"}) {
    for (const DType type : testing::kWeightTypes) {
      TinyModel tiny{.architecture = architecture, .layers = 3, .type = type, .tied = type != DType::kQ4_0};
      tiny.hidden = static_cast<int>(testing::WholeBlocks(tiny.hidden, type));
      tiny.ffn = static_cast<int>(testing::WholeBlocks(tiny.ffn, type));
      const std::vector<int32_t> tokens = Tokens(60, 9);
      const auto ref = Load(tiny, Exact("ref"));
      auto kv = *ref->CreateSequence();
      const std::vector<float> expected = Feed(*ref, *kv, tokens);
      const auto exact = Load(tiny, Exact("cpu"));
      auto exact_kv = *exact->CreateSequence();
      EXPECT_LT(Distance(expected, Feed(*exact, *exact_kv, tokens)), 1e-4) << architecture << " " << DTypeName(type);
      ModelConfig config;
      config.device = "cpu";
      const auto fast = Load(tiny, config);
      auto fast_kv = *fast->CreateSequence();
      // Activations are rounded to 8 bits, against 8-bit weights only where bytes have sums in 32 bits; floats to
      // bfloat16 where there is a matrix unit.
      const bool bytes = DTypeIsQuantised(type) && (type != DType::kQ8_0 || cpu::HasByteDot());
      EXPECT_LT(MeanDistance(expected, Feed(*fast, *fast_kv, tokens)), bytes                   ? 8e-2
                                                                       : cpu::HasMatrixTiles() ? 3e-2
                                                                                               : 3e-3)
          << architecture << " " << DTypeName(type);
    }
  }
}

TEST(ForwardParity, StackedAndSeparateWeightsGiveTheSameLogits) {
  // The builder writes q, k, v in another order than the stack's, so that natively they are apart; converted, they lie
  // next to each other. From f16 to f32 no value changes.
  const TinyModel tiny{.architecture = "qwen2", .type = DType::kF16};
  ModelConfig converted = Exact("cpu");
  converted.weights = "f32";
  const auto a = Load(tiny, Exact("cpu")), b = Load(tiny, converted);
  const std::vector<int32_t> tokens = Tokens(20, 9);
  auto x = *a->CreateSequence(), y = *b->CreateSequence();
  EXPECT_EQ(Feed(*a, *x, tokens), Feed(*b, *y, tokens));
}

}  // namespace
}  // namespace retort

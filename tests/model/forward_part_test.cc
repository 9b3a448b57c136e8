// Steps over a part of the layers, and the whole model over what they left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/model/gguf.h"
#include "core/model/model.h"
#include "tests/model/device_cases.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::Stored;
using testing::TinyModel;
using testing::Tokens;

constexpr int32_t kLayers = 5;

/// Zeros in place of the last matrix of these parts: what they would add to the residual stream is nothing.
std::string WriteWithout(const TinyModel& tiny, const LayerChoice& choice) {
  testing::GgufBuilder builder = testing::MakeTinyModel(tiny);
  const auto silence = [&](const std::string& name, int64_t k) {
    builder.Tensor(name, tiny.type, {k, tiny.hidden}, std::vector<float>(static_cast<size_t>(k * tiny.hidden), 0.0f));
  };
  for (const int32_t layer : choice.skipped_attention())
    silence("blk." + std::to_string(layer) + ".attn_output.weight", tiny.hidden);
  for (const int32_t layer : choice.skipped_feed_forward())
    silence("blk." + std::to_string(layer) + ".ffn_down.weight", tiny.ffn);
  const std::string path = testing::TempPath("without.gguf");
  EXPECT_TRUE(builder.Write(path).ok());
  return path;
}

class ForwardPartTest : public ::testing::TestWithParam<testing::DeviceCase> {
 protected:
  void SetUp() override {
    tiny_ = GetParam().tiny;
    tiny_.layers = kLayers;
    model_ = Load(testing::WriteTinyModel(testing::TempPath("tiny.gguf"), tiny_));
    ASSERT_NE(model_, nullptr);
    vocab_ = static_cast<size_t>(model_->hyper().vocab);
  }
  static std::shared_ptr<Model> Load(const std::string& path) {
    ModelConfig config;
    config.source = path;
    config.device = GetParam().device;
    config.threads = GetParam().threads;
    config.precision = Precision::kExact;
    auto model = Model::Load(config);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    return model.ok() ? *model : nullptr;
  }
  std::unique_ptr<KvSequence> New() { return *model_->CreateSequence(); }

  /// As Feed, with a part of the layers.
  std::vector<float> Sketch(KvSequence& kv, const LayerChoice& choice, std::span<const int32_t> tokens,
                            size_t first = 0, std::span<const int32_t> parents = {}) {
    std::span<const float> logits;
    const ForwardItem item{&kv, tokens, first, parents};
    const Status status = model_->ForwardPart({&item, 1}, choice, &logits);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return {logits.begin(), logits.end()};
  }

  /// Some choices of parts.
  static std::vector<LayerChoice> Choices() {
    std::vector<LayerChoice> choices = {LayerChoice::First(3, kLayers), LayerChoice::First(1, kLayers)};
    const std::vector<int32_t> none, all = {0, 1, 2, 3, 4}, odd = {1, 3}, ends = {0, 4};
    choices.push_back(LayerChoice::Without(odd, ends, kLayers));
    choices.push_back(LayerChoice::Without(ends, none, kLayers));
    choices.push_back(LayerChoice::Without(none, all, kLayers));
    choices.push_back(LayerChoice::Without(all, odd, kLayers));
    return choices;
  }

  TinyModel tiny_;
  std::shared_ptr<Model> model_;
  size_t vocab_ = 0;
};

TEST_P(ForwardPartTest, AllLayersAreThePlainStep) {
  const std::vector<int32_t> tokens = Tokens(40, 1), more = Tokens(3, 2);
  auto plain = New(), parts = New();
  EXPECT_EQ(Sketch(*parts, LayerChoice::All(kLayers), tokens), Feed(*model_, *plain, tokens));
  EXPECT_EQ(parts->whole_length(), 40u);
  EXPECT_EQ(Stored(*parts), Stored(*plain));
  EXPECT_EQ(Feed(*model_, *parts, more), Feed(*model_, *plain, more));
}

TEST_P(ForwardPartTest, APartLeftOutAddsNothing) {
  const std::vector<int32_t> tokens = Tokens(50, 1);
  for (const LayerChoice& choice : Choices()) {
    SCOPED_TRACE("without attention " + LayersText(choice.skipped_attention()) + ", feed-forward " +
                 LayersText(choice.skipped_feed_forward()));
    const auto without = Load(WriteWithout(tiny_, choice));
    ASSERT_NE(without, nullptr);
    auto expected = *without->CreateSequence();
    auto kv = New(), one_by_one = New();
    const std::vector<float> logits = Feed(*without, *expected, tokens);
    EXPECT_EQ(Sketch(*kv, choice, tokens), logits);
    EXPECT_EQ(kv->length(), 50u);
    EXPECT_EQ(kv->whole_length(), 0u);
    // Token by token, as drafting goes, and with the logits of the last alone.
    Sketch(*one_by_one, choice, std::span(tokens).first(30), 30);
    for (size_t i = 30; i < 50; ++i) {
      const std::vector<float> row = Sketch(*one_by_one, choice, std::span(tokens).subspan(i, 1));
      ASSERT_TRUE(std::equal(row.begin(), row.end(), logits.begin() + static_cast<std::ptrdiff_t>(i * vocab_)));
    }
    auto last = New();
    const std::vector<float> row = Sketch(*last, choice, tokens, 49);
    ASSERT_TRUE(std::equal(row.begin(), row.end(), logits.begin() + static_cast<std::ptrdiff_t>(49 * vocab_)));
  }
}

TEST_P(ForwardPartTest, AnExitAfterALayerIsTheModelThatEndsThere) {
  for (const int32_t exit : {1, 2, 4}) {
    TinyModel shorter = tiny_;
    shorter.layers = exit;  // the layers of tiny models depend on their number alone
    const auto model = Load(testing::WriteTinyModel(testing::TempPath("shorter.gguf"), shorter));
    ASSERT_NE(model, nullptr);
    auto expected = *model->CreateSequence();
    auto kv = New();
    const std::vector<int32_t> tokens = Tokens(20, 3);
    EXPECT_EQ(Sketch(*kv, LayerChoice::First(exit, kLayers), tokens), Feed(*model, *expected, tokens)) << exit;
  }
}

TEST_P(ForwardPartTest, WithoutLayersTheEmbeddingGoesThroughTheFinalNorm) {
  if (tiny_.type != DType::kF32 || !tiny_.tied) GTEST_SKIP() << "reads the embedding as floats";
  auto file = GgufFile::Open(model_->config().source);
  ASSERT_TRUE(file.ok());
  const auto* const embedding = reinterpret_cast<const float*>((*file)->FindTensor("token_embd.weight")->data);
  const auto* const norm = reinterpret_cast<const float*>((*file)->FindTensor("output_norm.weight")->data);
  const auto hidden = static_cast<size_t>(tiny_.hidden);
  auto kv = New();
  const std::vector<int32_t> tokens = Tokens(3, 4);
  const std::vector<float> logits = Sketch(*kv, LayerChoice::First(0, kLayers), tokens);
  ASSERT_EQ(logits.size(), tokens.size() * vocab_);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const float* const x = embedding + static_cast<size_t>(tokens[i]) * hidden;
    double square = 0;
    for (size_t d = 0; d < hidden; ++d) square += double{x[d]} * double{x[d]};
    const double scale = 1 / std::sqrt(square / static_cast<double>(hidden) + 1e-5);
    for (size_t token = 0; token < vocab_; ++token) {
      double sum = 0;
      for (size_t d = 0; d < hidden; ++d)
        sum += double{x[d]} * scale * double{norm[d]} * double{embedding[token * hidden + d]};
      ASSERT_NEAR(static_cast<double>(logits[i * vocab_ + token]), sum, 1e-4);
    }
  }
}

TEST_P(ForwardPartTest, TheWholeModelWritesOverASketch) {
  const std::vector<int32_t> prompt = Tokens(45, 1), draft = Tokens(25, 2), next = Tokens(2, 3);
  for (const LayerChoice& choice : Choices()) {
    auto fresh = New(), kv = New();
    std::vector<int32_t> all = prompt;
    all.insert(all.end(), draft.begin(), draft.end());
    const std::vector<float> logits = Feed(*model_, *fresh, all);
    Feed(*model_, *kv, prompt);
    for (size_t i = 0; i < draft.size(); ++i) Sketch(*kv, choice, std::span(draft).subspan(i, 1));
    EXPECT_EQ(kv->length(), 70u);
    EXPECT_EQ(kv->whole_length(), 45u);
    auto fork = kv->Fork();
    EXPECT_EQ(fork->whole_length(), 45u);
    ASSERT_TRUE(kv->Rewind(45).ok());
    const std::vector<float> again = Feed(*model_, *kv, draft);
    EXPECT_TRUE(std::equal(again.begin(), again.end(), logits.begin() + static_cast<std::ptrdiff_t>(45 * vocab_)));
    EXPECT_EQ(Stored(*kv), Stored(*fresh));
    EXPECT_EQ(kv->whole_length(), 70u);
    EXPECT_EQ(Feed(*model_, *kv, next), Feed(*model_, *fresh, next));
    // The fork still holds the sketch.
    ASSERT_TRUE(fork->Truncate(45).ok());
    Feed(*model_, *fork, draft);
    ASSERT_TRUE(kv->Truncate(70).ok());
    EXPECT_EQ(Stored(*fork), Stored(*kv));
  }
}

TEST_P(ForwardPartTest, TreesMayBeSketched) {
  const LayerChoice choice = LayerChoice::First(3, kLayers);
  auto kv = New(), alone = New();
  Feed(*model_, *kv, Tokens(10, 1));
  Feed(*model_, *alone, Tokens(10, 1));
  const std::vector<int32_t> nodes = {5, 6, 7, 8}, parents = {-1, -1, 0, 2}, path = {5, 7, 8};
  const std::vector<float> tree = Sketch(*kv, choice, nodes, 0, parents), plain = Sketch(*alone, choice, path);
  EXPECT_TRUE(std::equal(tree.end() - static_cast<std::ptrdiff_t>(vocab_), tree.end(),
                         plain.end() - static_cast<std::ptrdiff_t>(vocab_)));
  EXPECT_EQ(kv->whole_length(), 10u);
  const std::vector<int32_t> kept = {0, 2, 3};
  ASSERT_TRUE(model_->KeepPath(*kv, kept).ok());
  EXPECT_EQ(kv->length(), 13u);
  EXPECT_EQ(kv->whole_length(), 10u);
}

TEST_P(ForwardPartTest, KeepingAPathOfAWholeTreeKeepsItWhole) {
  auto kv = New();
  Feed(*model_, *kv, Tokens(10, 1));
  const std::vector<int32_t> nodes = {5, 6, 7}, parents = {-1, -1, 1}, kept = {1, 2};
  std::span<const float> logits;
  const ForwardItem item{kv.get(), nodes, 0, parents};
  ASSERT_TRUE(model_->Forward({&item, 1}, &logits).ok());
  ASSERT_TRUE(model_->KeepPath(*kv, kept).ok());
  EXPECT_EQ(kv->whole_length(), 12u);
}

TEST_P(ForwardPartTest, RefusesTheWholeModelAfterASketch) {
  auto kv = New();
  Feed(*model_, *kv, Tokens(4, 1));
  Sketch(*kv, LayerChoice::First(2, kLayers), Tokens(3, 2));
  const std::vector<int32_t> tokens = {1};
  const ForwardItem item{kv.get(), tokens, 0};
  std::span<const float> logits;
  const Status status = model_->Forward({&item, 1}, &logits);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("ends in 3 tokens that a part of the model has run: rewind to the 4 tokens"));
  EXPECT_EQ(kv->length(), 7u);
  EXPECT_THAT(model_->ForwardPart({&item, 1}, LayerChoice::All(kLayers + 1), &logits).message(),
              HasSubstr("expected a choice of 5 layers, got one of 6"));
}

TEST_P(ForwardPartTest, PromptsOfASketchAreNotKeptForOthers) {
  const std::vector<int32_t> prompt = Tokens(100, 9);
  auto kv = New();
  Sketch(*kv, LayerChoice::First(2, kLayers), prompt);
  EXPECT_EQ((*model_->BeginSequence(prompt))->length(), 0u);
  auto whole = New();
  Feed(*model_, *whole, prompt);
  const auto begun = *model_->BeginSequence(prompt);
  EXPECT_EQ(begun->length(), 96u);
  EXPECT_EQ(begun->whole_length(), 96u);
}

INSTANTIATE_TEST_SUITE_P(Devices, ForwardPartTest, ::testing::ValuesIn(testing::DeviceCases()),
                         testing::DeviceCaseName);

TEST(Fingerprint, TellsModelsApart) {
  const auto of = [](const TinyModel& tiny) {
    ModelConfig config;
    config.source = testing::WriteTinyModel(testing::TempPath("tiny.gguf"), tiny);
    return (*Model::Load(config))->Fingerprint();
  };
  const uint64_t own = of({});
  EXPECT_EQ(own, of({}));
  EXPECT_NE(own, 0u);
  EXPECT_NE(own, of({.seed = 2}));
  EXPECT_NE(own, of({.layers = 3}));
  EXPECT_NE(own, of({.type = DType::kF16}));
}

}  // namespace
}  // namespace retort

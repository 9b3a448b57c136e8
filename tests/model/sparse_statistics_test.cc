// What calibration measures of a model's layers: magnitudes of gates, and what sparsity of one layer does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "core/model/gate_magnitudes.h"
#include "core/model/gguf.h"
#include "core/model/sparse_sensitivity.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::Tokens;

TEST(GateMagnitudes, ThresholdsLeaveTheDensitiesAsked) {
  // Two layers of other scales; in rows with other numbers between.
  GateMagnitudes gates(2);
  std::vector<std::vector<float>> magnitudes(2);
  for (uint64_t layer = 0; layer < 2; ++layer) {
    std::vector<float> products(20 * 150);
    for (size_t i = 0; i < products.size(); ++i) {
      const double uniform = RandomUniform({layer, 0, 0, i, 0});
      products[i] = static_cast<float>((layer == 0 ? 2 : 0.1) * std::log(uniform / (1 - uniform)));
      if (i % 150 < 100) {
        const double x = static_cast<double>(products[i]);
        magnitudes[layer].push_back(static_cast<float>(std::abs(x / (1 + std::exp(-x)))));
      }
    }
    gates.Add(static_cast<int32_t>(layer), products.data(), 20, 100, 150);
    EXPECT_EQ(gates.count(static_cast<int32_t>(layer)), 2000u);
  }
  for (size_t layer = 0; layer < 2; ++layer) {
    for (const double density : {0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.99}) {
      const float threshold = gates.Threshold(static_cast<int32_t>(layer), density);
      const auto reach = std::count_if(magnitudes[layer].begin(), magnitudes[layer].end(),
                                       [&](float magnitude) { return magnitude >= threshold; });
      EXPECT_NEAR(static_cast<double>(reach) / 2000, density, 0.005) << layer;
    }
    EXPECT_EQ(gates.Threshold(static_cast<int32_t>(layer), 1), 0);
  }
}

TEST(GateMagnitudes, LeavesOutWhatIsNoNumber) {
  GateMagnitudes gates(1);
  const float products[] = {1, NAN, INFINITY, -200};
  gates.Add(0, products, 1, 4, 4);
  EXPECT_EQ(gates.count(0), 2u);
  EXPECT_NEAR(gates.Threshold(0, 0.5), 0.731, 0.01);
  EXPECT_EQ(GateMagnitudes(1).Threshold(0, 0.5), 0);
}

class SparseStatistics : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int32_t kLayers = 3;
  /// A model whose layer 1 has a feed-forward part that adds nothing, and layer 0 such an attention.
  static std::shared_ptr<Model> Load() {
    const testing::TinyModel tiny{.layers = kLayers};
    testing::GgufBuilder builder = testing::MakeTinyModel(tiny);
    builder.Tensor("blk.1.ffn_down.weight", tiny.type, {tiny.ffn, tiny.hidden},
                   std::vector<float>(static_cast<size_t>(tiny.ffn * tiny.hidden), 0.0f));
    builder.Tensor("blk.0.attn_output.weight", tiny.type, {tiny.hidden, tiny.hidden},
                   std::vector<float>(static_cast<size_t>(tiny.hidden * tiny.hidden), 0.0f));
    ModelConfig config;
    config.source = testing::TempPath("idle.gguf");
    config.device = GetParam();
    config.precision = Precision::kExact;
    EXPECT_TRUE(builder.Write(config.source).ok());
    return *Model::Load(config);
  }
  /// |silu(gate)| of the first layer, in double: its inputs are embeddings.
  std::vector<double> FirstLayerMagnitudes(const std::vector<int32_t>& tokens) const {
    const auto file = GgufFile::Open(model_->config().source).value();
    const auto row = [&](const char* tensor, int64_t at) {
      return reinterpret_cast<const float*>(file->FindTensor(tensor)->data) + at * 64;
    };
    std::vector<double> magnitudes;
    for (const int32_t token : tokens) {
      const float* const x = row("token_embd.weight", token);
      const float* const norm = row("blk.0.ffn_norm.weight", 0);
      double squares = 0;
      for (int i = 0; i < 64; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      const double scale = 1 / std::sqrt(squares / 64 + 1e-5);
      for (int64_t neuron = 0; neuron < 96; ++neuron) {
        const float* const weights = row("blk.0.ffn_gate.weight", neuron);
        double gate = 0;
        for (int i = 0; i < 64; ++i)
          gate += static_cast<double>(x[i]) * scale * static_cast<double>(norm[i]) * static_cast<double>(weights[i]);
        magnitudes.push_back(std::abs(gate / (1 + std::exp(-gate))));
      }
    }
    return magnitudes;
  }
  void Prepare(SparsityKind kind) {
    const ModelPart part(LayerChoice::All(kLayers), Sparsity::Even(kind, 0.5, 0, 0, kLayers));
    ASSERT_TRUE(model_->Prepare(part).ok());
  }
  std::vector<WrittenText> Write() {
    const std::vector<std::vector<int32_t>> prompts = {Tokens(20, 1), Tokens(9, 2)};
    auto texts = WriteTexts(*model_, prompts, 12);
    EXPECT_TRUE(texts.ok()) << texts.status().ToString();
    return texts.ok() ? *std::move(texts) : std::vector<WrittenText>();
  }
  const std::shared_ptr<Model> model_ = Load();
};

TEST_P(SparseStatistics, ThresholdsLeaveTheDensitiesAskedOfTheTokensRun) {
  GateMagnitudes gates(kLayers);
  ASSERT_TRUE(model_->WatchGates(&gates).ok());
  const std::vector<int32_t> tokens = Tokens(40, 3);
  testing::Feed(*model_, **model_->CreateSequence(), tokens);
  ASSERT_TRUE(model_->WatchGates(nullptr).ok());
  testing::Feed(*model_, **model_->CreateSequence(), Tokens(9, 4));  // watched no longer
  for (int32_t layer = 0; layer < kLayers; ++layer) EXPECT_EQ(gates.count(layer), 40u * 96);
  const std::vector<double> magnitudes = FirstLayerMagnitudes(tokens);
  for (const double density : {0.1, 0.3, 0.5, 0.7, 0.85}) {
    const auto threshold = static_cast<double>(gates.Threshold(0, density));
    const auto reach = std::count_if(magnitudes.begin(), magnitudes.end(), [&](double m) { return m >= threshold; });
    EXPECT_NEAR(static_cast<double>(reach) / static_cast<double>(magnitudes.size()), density, 0.005);
  }
}

TEST_P(SparseStatistics, ALayerThatAddsNothingLosesNothing) {
  for (const SparsityKind kind : {SparsityKind::kCoarse, SparsityKind::kFine}) {
    Prepare(kind);
    LayerSensitivity sensitivity(*model_, kind, {0.3, 0.9});
    const std::vector<WrittenText> texts = Write();
    int64_t tokens = 0;
    for (const WrittenText& text : texts) tokens += static_cast<int64_t>(text.kv->length() - text.prompt);
    for (size_t first = 0; first < 16; first += 4) ASSERT_TRUE(sensitivity.Add(texts, first, 4).ok());
    EXPECT_GT(tokens, 8);
    EXPECT_EQ(sensitivity.tokens(), tokens);
    const auto means = sensitivity.Means();
    EXPECT_NEAR(means[1][0], 0, 1e-9);
    for (const size_t layer : {0u, 2u}) {
      EXPECT_GT(means[layer][0], means[layer][1]);
      EXPECT_GT(means[layer][1], 0);
    }
  }
}

TEST_P(SparseStatistics, TextsAreThoseOfPlainDecoding) {
  for (const WrittenText& text : Write()) {
    auto kv = *model_->CreateSequence();
    std::span<const int32_t> rest(text.tokens);
    std::vector<float> logits = testing::Feed(*model_, *kv, rest.first(text.prompt), text.prompt - 1);
    for (size_t i = text.prompt; i < text.tokens.size(); ++i) {
      EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), text.tokens[i]);
      logits = testing::Feed(*model_, *kv, rest.subspan(i, 1));
    }
    EXPECT_EQ(text.kv->length() + 1, text.tokens.size());
  }
}
INSTANTIATE_TEST_SUITE_P(Devices, SparseStatistics, ::testing::Values("ref", "cpu"));

}  // namespace
}  // namespace retort

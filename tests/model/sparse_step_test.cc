// Steps that leave neurons out: which they take, by a slow reference, and what they leave in a sequence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/model/gguf.h"
#include "core/model/model.h"
#include "tests/model/device_cases.h"
#include "tests/model/forward_step.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::Stored;
using testing::TinyModel;
using testing::Tokens;

constexpr int32_t kLayers = 3;

Sparsity Coarse(double density, int32_t first = 0, int32_t last = 0) {
  return Sparsity::Even(SparsityKind::kCoarse, density, first, last, kLayers);
}
Sparsity Fine(double density, int32_t first = 0, int32_t last = 0) {
  return Sparsity::Even(SparsityKind::kFine, density, first, last, kLayers);
}
ModelPart Part(Sparsity sparsity) { return {LayerChoice::All(kLayers), std::move(sparsity)}; }

std::shared_ptr<Model> Load(const std::string& path, const testing::DeviceCase& on, int32_t step_tokens = 512) {
  ModelConfig config;
  config.name = "tiny";
  config.source = path;
  config.device = on.device;
  config.threads = on.threads;
  config.precision = Precision::kExact;
  config.step_tokens = step_tokens;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

std::vector<float> Sketch(Model& model, KvSequence& kv, const ModelPart& part, std::span<const int32_t> tokens,
                          std::span<const int32_t> parents = {}) {
  std::span<const float> logits;
  const ForwardItem item{&kv, tokens, 0, parents};
  const Status status = model.ForwardPart({&item, 1}, part, &logits);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return {logits.begin(), logits.end()};
}

/// A tiny model whose attention adds nothing, computed in double as the papers write it: each token by itself.
class SlowReference {
 public:
  explicit SlowReference(const TinyModel& tiny) : tiny_(tiny), path_(testing::TempPath("no_attention.gguf")) {
    testing::GgufBuilder builder = testing::MakeTinyModel(tiny);
    const auto size = static_cast<size_t>(tiny.hidden * tiny.hidden);
    for (int32_t layer = 0; layer < tiny.layers; ++layer) {
      builder.Tensor("blk." + std::to_string(layer) + ".attn_output.weight", tiny.type, {tiny.hidden, tiny.hidden},
                     std::vector<float>(size, 0.0f));
    }
    EXPECT_TRUE(builder.Write(path_).ok());
    file_ = std::move(GgufFile::Open(path_).value());
  }
  const std::string& path() const { return path_; }

  using Row = std::vector<double>;
  /// How much of the tokens' activations each neuron has: [layers][ffn].
  std::vector<Row> Shares(std::span<const int32_t> tokens) {
    std::vector<Row> shares(static_cast<size_t>(tiny_.layers), Row(static_cast<size_t>(tiny_.ffn)));
    for (const int32_t token : tokens) {
      Logits(token, [&](int32_t layer, const Row&, const Row& z) {
        const double squares = std::inner_product(z.begin(), z.end(), z.begin(), 0.0);
        for (size_t j = 0; j < z.size(); ++j) shares[static_cast<size_t>(layer)][j] += z[j] * z[j] / squares;
        return All();
      });
    }
    return shares;
  }
  /// `choose` gives the neurons of a layer from silu(gate) and z of each.
  template <typename Choose>
  Row Logits(int32_t token, const Choose& choose) {
    Row x = Column("token_embd.weight", token, tiny_.hidden);
    for (int32_t layer = 0; layer < tiny_.layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      const Row h = Normed(x, prefix + "ffn_norm.weight");
      Row silu(static_cast<size_t>(tiny_.ffn)), z = silu;
      for (int32_t j = 0; j < tiny_.ffn; ++j) {
        const double gate = Dot(h, Column(prefix + "ffn_gate.weight", j, tiny_.hidden));
        silu[static_cast<size_t>(j)] = gate / (1 + std::exp(-gate));
        z[static_cast<size_t>(j)] =
            silu[static_cast<size_t>(j)] * Dot(h, Column(prefix + "ffn_up.weight", j, tiny_.hidden));
      }
      const std::vector<int32_t> chosen = choose(layer, silu, z);
      for (int32_t i = 0; i < tiny_.hidden; ++i) {
        const Row down = Column(prefix + "ffn_down.weight", i, tiny_.ffn);
        for (const int32_t j : chosen)
          x[static_cast<size_t>(i)] += z[static_cast<size_t>(j)] * down[static_cast<size_t>(j)];
      }
    }
    const Row h = Normed(x, "output_norm.weight");
    const auto vocab = static_cast<int32_t>(file_->FindTensor("token_embd.weight")->shape[1]);
    Row logits;
    for (int32_t id = 0; id < vocab; ++id) logits.push_back(Dot(h, Column("token_embd.weight", id, tiny_.hidden)));
    return logits;
  }
  std::vector<int32_t> All() const {
    std::vector<int32_t> all(static_cast<size_t>(tiny_.ffn));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  /// The `count` of largest magnitude, ascending.
  std::vector<int32_t> Largest(const Row& values, size_t count) const {
    std::vector<int32_t> order = All();
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return std::abs(values[static_cast<size_t>(a)]) > std::abs(values[static_cast<size_t>(b)]);
    });
    order.resize(count);
    std::sort(order.begin(), order.end());
    return order;
  }

 private:
  static double Dot(const Row& a, const Row& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
  Row Column(const std::string& tensor, int64_t row, int64_t width) const {
    const auto* const data = reinterpret_cast<const float*>(file_->FindTensor(tensor)->data) + row * width;
    return {data, data + width};
  }
  Row Normed(const Row& x, const std::string& weight) const {
    const Row w = Column(weight, 0, tiny_.hidden);
    const double factor = 1 / std::sqrt(Dot(x, x) / static_cast<double>(x.size()) + 1e-5);
    Row out(x.size());
    for (size_t i = 0; i < x.size(); ++i) out[i] = x[i] * factor * w[i];
    return out;
  }

  TinyModel tiny_;
  std::string path_;
  std::unique_ptr<GgufFile> file_;
};

void ExpectRow(const SlowReference::Row& expected, const float* got) {
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(static_cast<double>(got[i]), expected[i], 2e-4) << i;
}

class SparseReference : public ::testing::TestWithParam<const char*> {
 protected:
  TinyModel tiny_{.layers = kLayers, .hidden = 32, .ffn = 70};
  SlowReference slow_{tiny_};
  std::shared_ptr<Model> model_ = Load(slow_.path(), {GetParam(), tiny_, 2});
  const std::vector<int32_t> prompt_ = Tokens(23, 1), draft_ = Tokens(6, 2);
  const size_t vocab_ = static_cast<size_t>(model_->hyper().vocab);
};

TEST_P(SparseReference, CoarseTakesTheNeuronsThatThePromptUsedMost) {
  for (const Sparsity& sparsity : {Coarse(0.5), Coarse(0.31), Coarse(0.7, 1, 1)}) {
    ASSERT_TRUE(model_->Prepare(Part(sparsity)).ok());
    auto kv = *model_->CreateSequence();
    Feed(*model_, *kv, prompt_, 20);
    const std::vector<SlowReference::Row> shares = slow_.Shares(prompt_);
    ASSERT_NE(kv->neurons().sums(), nullptr);
    EXPECT_EQ(kv->neurons().sums()->tokens, 23u);
    NeuronChoice expected;
    for (int32_t layer = 0; layer < kLayers; ++layer) {
      const auto at = static_cast<size_t>(layer);
      for (size_t j = 0; j < 70; ++j)
        ASSERT_NEAR(static_cast<double>(kv->neurons().sums()->of[at * 70 + j]), shares[at][j], 1e-4);
      const auto count = static_cast<size_t>(70 * static_cast<double>(sparsity.density[at]) + 1e-6);
      expected.push_back(sparsity.Dense(layer) ? std::vector<int32_t>() : slow_.Largest(shares[at], count));
    }
    EXPECT_EQ(**kv->neurons().Choice(sparsity), expected);
    const std::vector<float> logits = Sketch(*model_, *kv, Part(sparsity), draft_);
    for (size_t i = 0; i < draft_.size(); ++i) {
      ExpectRow(slow_.Logits(draft_[i],
                             [&](int32_t layer, const auto&, const auto&) {
                               return sparsity.Dense(layer) ? slow_.All() : expected[static_cast<size_t>(layer)];
                             }),
                logits.data() + i * vocab_);
    }
  }
}

TEST_P(SparseReference, FineTakesTheNeuronsOfEachTokensGate) {
  for (const Sparsity& sparsity : {Fine(0.5), Fine(0.3, 0, 2)}) {
    ASSERT_TRUE(model_->Prepare(Part(sparsity)).ok());
    auto kv = *model_->CreateSequence();
    const std::vector<float> logits = Sketch(*model_, *kv, Part(sparsity), draft_);
    for (size_t i = 0; i < draft_.size(); ++i) {
      ExpectRow(slow_.Logits(draft_[i],
                             [&](int32_t layer, const auto& silu, const auto&) {
                               const double density = static_cast<double>(sparsity.density[static_cast<size_t>(layer)]);
                               return slow_.Largest(silu, static_cast<size_t>(70 * density + 1e-6));
                             }),
                logits.data() + i * vocab_);
    }
    EXPECT_EQ(kv->whole_length(), 0u);
  }
}

TEST_P(SparseReference, ThresholdsTakeWhatReachesThem) {
  Sparsity sparsity = Fine(0.5);
  sparsity.threshold = {0.05f, 0.1f, 0.2f};
  ASSERT_TRUE(model_->Prepare(Part(sparsity)).ok());
  auto kv = *model_->CreateSequence();
  const std::vector<float> logits = Sketch(*model_, *kv, Part(sparsity), draft_);
  size_t least = 70, most = 0;
  for (size_t i = 0; i < draft_.size(); ++i) {
    ExpectRow(slow_.Logits(draft_[i],
                           [&](int32_t layer, const auto& silu, const auto&) {
                             std::vector<int32_t> chosen = slow_.All();
                             const auto threshold = static_cast<double>(sparsity.threshold[static_cast<size_t>(layer)]);
                             std::erase_if(
                                 chosen, [&](int32_t j) { return std::abs(silu[static_cast<size_t>(j)]) < threshold; });
                             least = std::min(least, chosen.size()), most = std::max(most, chosen.size());
                             return chosen;
                           }),
              logits.data() + i * vocab_);
  }
  EXPECT_LT(least, most);
}
INSTANTIATE_TEST_SUITE_P(Devices, SparseReference, ::testing::Values("ref", "cpu"));

class SparseStep : public ::testing::TestWithParam<testing::DeviceCase> {
 protected:
  void SetUp() override {
    tiny_ = GetParam().tiny;
    tiny_.layers = kLayers;
    path_ = testing::WriteTinyModel(testing::TempPath("tiny.gguf"), tiny_);
    model_ = Load(path_, GetParam());
    for (const ModelPart& part : parts_) ASSERT_TRUE(model_->Prepare(part).ok());
  }
  std::unique_ptr<KvSequence> New() { return *model_->CreateSequence(); }
  std::unique_ptr<KvSequence> With(std::span<const int32_t> prompt) {
    auto kv = New();
    Feed(*model_, *kv, prompt, prompt.size());
    return kv;
  }

  TinyModel tiny_;
  std::string path_;
  std::shared_ptr<Model> model_;
  const std::vector<ModelPart> parts_ = {Part(Coarse(0.5)), Part(Fine(0.4)), Part(Coarse(0.3, 1)),
                                         Part(Fine(0.6, 0, 1))};
};

TEST_P(SparseStep, ADensityOfOneIsTheWholeModel) {
  for (const Sparsity& sparsity : {Coarse(1), Fine(1)}) {
    auto plain = New(), kv = New();
    EXPECT_EQ(Sketch(*model_, *kv, Part(sparsity), Tokens(40, 1)), Feed(*model_, *plain, Tokens(40, 1)));
    EXPECT_EQ(kv->whole_length(), 40u);
    EXPECT_EQ(Stored(*kv), Stored(*plain));
  }
}

TEST_P(SparseStep, NeuronsLeftOutChangeTheLogits) {
  const auto prompt = Tokens(20, 1);
  const std::vector<int32_t> token = {3};
  auto plain = With(prompt);
  const std::vector<float> whole = Feed(*model_, *plain, token);
  for (const ModelPart& part : parts_) {
    auto kv = With(prompt);
    EXPECT_NE(Sketch(*model_, *kv, part, token), whole);
  }
}

TEST_P(SparseStep, TheWholeModelWritesOverASketch) {
  const std::vector<int32_t> prompt = Tokens(45, 1), draft = Tokens(9, 2), next = Tokens(2, 3);
  for (const ModelPart& part : parts_) {
    auto fresh = With(prompt), kv = With(prompt);
    const std::vector<float> logits = Feed(*model_, *fresh, draft);
    std::vector<std::vector<float>> first, second;
    for (size_t i = 0; i < draft.size(); ++i)
      first.push_back(Sketch(*model_, *kv, part, std::span(draft).subspan(i, 1)));
    EXPECT_EQ(kv->whole_length(), 45u);
    auto fork = kv->Fork();
    ASSERT_TRUE(kv->Rewind(45).ok());
    EXPECT_EQ(Feed(*model_, *kv, draft), logits);
    EXPECT_EQ(Stored(*kv), Stored(*fresh));
    EXPECT_EQ(Feed(*model_, *kv, next), Feed(*model_, *fresh, next));
    // The choice is that of the prompt, also after the rewind and in a fork.
    ASSERT_TRUE(fork->Truncate(45).ok());
    for (size_t i = 0; i < draft.size(); ++i)
      second.push_back(Sketch(*model_, *fork, part, std::span(draft).subspan(i, 1)));
    EXPECT_EQ(first, second);
  }
}

TEST_P(SparseStep, ATreesPathHasTheLogitsOfAChain) {
  const std::vector<int32_t> nodes = {5, 6, 7, 8, 9}, parents = {-1, -1, 0, 2, 1}, path = {5, 7, 8};
  const size_t vocab = static_cast<size_t>(model_->hyper().vocab);
  for (const ModelPart& part : parts_) {
    auto kv = With(Tokens(10, 1)), alone = With(Tokens(10, 1));
    const std::vector<float> tree = Sketch(*model_, *kv, part, nodes, parents),
                             chain = Sketch(*model_, *alone, part, path);
    const size_t places[] = {0, 2, 3};
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(std::equal(chain.begin() + static_cast<long>(i * vocab),
                             chain.begin() + static_cast<long>((i + 1) * vocab),
                             tree.begin() + static_cast<long>(places[i] * vocab)));
    }
    const std::vector<int32_t> kept = {0, 2, 3};
    ASSERT_TRUE(model_->KeepPath(*kv, kept).ok());
    EXPECT_EQ(kv->whole_length(), 10u);
    EXPECT_EQ(Stored(*kv), Stored(*alone));
  }
}

TEST_P(SparseStep, SequencesOfABatchHaveNeuronsOfTheirOwnAndTheBitsOfOneAlone) {
  const size_t vocab = static_cast<size_t>(model_->hyper().vocab);
  for (const ModelPart& part : parts_) {
    std::vector<std::unique_ptr<KvSequence>> together, alone;
    std::vector<std::vector<int32_t>> drafts;
    std::vector<ForwardItem> items;
    for (uint64_t i = 0; i < 7; ++i) {
      const auto prompt = Tokens(3 + 7 * i, i);
      together.push_back(With(prompt)), alone.push_back(With(prompt));
      drafts.push_back(Tokens(1 + i % 3, 20 + i));
    }
    for (size_t i = 0; i < 7; ++i) items.push_back({together[i].get(), drafts[i], drafts[i].size() - 1});
    std::span<const float> logits;
    ASSERT_TRUE(model_->ForwardPart(items, part, &logits).ok());
    const std::vector<float> rows(logits.begin(), logits.end());
    for (size_t i = 0; i < 7; ++i) {
      const std::vector<float> own = Sketch(*model_, *alone[i], part, drafts[i]);
      ASSERT_TRUE(std::equal(rows.begin() + static_cast<long>(i * vocab),
                             rows.begin() + static_cast<long>((i + 1) * vocab), own.end() - static_cast<long>(vocab)))
          << i;
    }
  }
}

TEST_P(SparseStep, WhatAPromptSaysDependsOnNeitherPassesNorCompany) {
  const auto prompt = Tokens(50, 4);
  auto kv = With(prompt), beside = New(), other = New(), in_two = New();
  const std::vector<float> sums = kv->neurons().sums()->of;
  const auto first = Tokens(31, 5);
  const ForwardItem both[] = {{other.get(), first, 31}, {beside.get(), prompt, 50}};
  std::span<const float> logits;
  ASSERT_TRUE(model_->Forward(both, &logits).ok());
  EXPECT_EQ(beside->neurons().sums()->of, sums);
  Feed(*model_, *in_two, std::span(prompt).first(20), 20);
  Feed(*model_, *in_two, std::span(prompt).subspan(20), 30);
  EXPECT_EQ(in_two->neurons().sums()->of, sums);
  EXPECT_EQ(in_two->neurons().sums()->tokens, 50u);
  const auto in_passes = Load(path_, GetParam(), 7);
  ASSERT_TRUE(in_passes->Prepare(parts_[0]).ok());
  auto passed = *in_passes->CreateSequence();
  Feed(*in_passes, *passed, prompt, 50);
  EXPECT_EQ(passed->neurons().sums()->of, sums);
  // What comes after the prompt is not asked.
  Feed(*model_, *kv, Tokens(1, 6));
  Feed(*model_, *kv, Tokens(4, 6));
  EXPECT_EQ(kv->neurons().sums()->of, sums);
  // An emptied sequence begins anew.
  ASSERT_TRUE(kv->Truncate(0).ok());
  EXPECT_EQ(kv->neurons().sums(), nullptr);
  Feed(*model_, *kv, prompt, 50);
  EXPECT_EQ(kv->neurons().sums()->of, sums);
}

TEST_P(SparseStep, AskingChangesNoLogits) {
  const auto plain = Load(path_, GetParam());
  const auto prompt = Tokens(40, 7);
  auto kv = New(), expected = *plain->CreateSequence();
  EXPECT_EQ(Feed(*model_, *kv, prompt, 37), Feed(*plain, *expected, prompt, 37));
  EXPECT_EQ(Stored(*kv), Stored(*expected));
}

TEST_P(SparseStep, PromptsBeginWithoutTheCacheWhereTheirNeuronsAreWanted) {
  const auto prompt = Tokens(100, 9);
  const auto fine = Load(path_, GetParam());
  ASSERT_TRUE(fine->Prepare(parts_[1]).ok());
  for (const auto& model : {model_, fine}) {
    auto kv = *model->CreateSequence();
    Feed(*model, *kv, prompt);
    EXPECT_EQ((*model->BeginSequence(prompt))->length(), model == fine ? 96u : 0u);
  }
}

TEST_P(SparseStep, SaysWhatIsMissing) {
  const auto model = Load(path_, GetParam());
  auto kv = *model->CreateSequence();
  const std::vector<int32_t> token = {1};
  const ForwardItem item{kv.get(), token, 0};
  std::span<const float> logits;
  const auto refusal = [&](const ModelPart& part) {
    const Status status = model->ForwardPart({&item, 1}, part, &logits);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(kv->length(), 0u);
    return status.message();
  };
  EXPECT_THAT(refusal(Part(Coarse(0.5))), HasSubstr("a sparse part of model 'tiny' was not prepared"));
  ASSERT_TRUE(model->Prepare(Part(Fine(0.5))).ok());
  EXPECT_THAT(refusal(Part(Coarse(0.5))), HasSubstr("was not prepared"));
  ASSERT_TRUE(model->Prepare(Part(Coarse(0.5))).ok());
  EXPECT_THAT(refusal(Part(Coarse(0.5))), HasSubstr("the sequence has no statistics of neurons"));
  EXPECT_GT(model->neuron_bytes(), 0u);
  EXPECT_THAT(model->Prepare(Part(Fine(0.0))).message(),
              HasSubstr("density of layer 0: expected above 0 and 1 at most"));
  EXPECT_THAT(model->Prepare(Part(Fine(1.5))).message(), HasSubstr("got 1.5"));
  Sparsity thresholds = Coarse(0.5);
  thresholds.threshold.assign(thresholds.density.size(), 0.1f);
  EXPECT_THAT(model->Prepare(Part(thresholds)).message(), HasSubstr("thresholds are for the kind `fine`"));
  Sparsity few = Fine(0.5);
  few.density.pop_back();
  EXPECT_THAT(model->Prepare(Part(few)).message(), HasSubstr("expected densities of 3 layers, got 2"));
}

INSTANTIATE_TEST_SUITE_P(Devices, SparseStep, ::testing::ValuesIn(testing::DeviceCases()), testing::DeviceCaseName);

TEST(SparseStepTokens, MayShareOneChoice) {
  const TinyModel tiny{.layers = kLayers};
  const auto model = Load(testing::WriteTinyModel(testing::TempPath("tiny.gguf"), tiny), {"cpu", tiny, 2});
  Sparsity own = Fine(0.5), shared = Fine(0.5);
  shared.shared = true;
  ASSERT_TRUE(model->Prepare(Part(own)).ok());
  auto a = *model->CreateSequence(), b = *model->CreateSequence(), c = *model->CreateSequence(),
       d = *model->CreateSequence();
  const auto tokens = Tokens(5, 1);
  EXPECT_NE(Sketch(*model, *a, Part(own), tokens), Sketch(*model, *b, Part(shared), tokens));
  // Of one token it is that token's.
  EXPECT_EQ(Sketch(*model, *c, Part(own), std::span(tokens).first(1)),
            Sketch(*model, *d, Part(shared), std::span(tokens).first(1)));
}

TEST(SparseStepTokens, NeuronsLeftAreRoundedDownButOneStays) {
  EXPECT_EQ(NeuronsLeft(1536, 0.5f), 768);
  EXPECT_EQ(NeuronsLeft(10, 0.7f), 7);  // 0.7f is below 0.7
  EXPECT_EQ(NeuronsLeft(10, 0.79f), 7);
  EXPECT_EQ(NeuronsLeft(10, 0.01f), 1);
  EXPECT_EQ(NeuronsLeft(10, 1.0f), 10);
}

}  // namespace
}  // namespace retort

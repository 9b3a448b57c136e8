// The loop of Sirius step by step, and the calibration that settings of it compete in.
#include "core/decode/sparse_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/decode/sirius_loop.h"
#include "core/model/part_density.h"
#include "core/model/sparse_densities.h"
#include "tests/model/forward_step.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::Tokens;

constexpr int32_t kLayers = 3;

std::shared_ptr<Model> LoadTiny(int32_t context = 256) {
  ModelConfig config;
  config.source =
      testing::WriteTinyModel(testing::TempPath("tiny.gguf"), {.layers = kLayers, .context_length = context});
  config.precision = Precision::kExact;
  return *Model::Load(config);
}

Sparsity Half(SparsityKind kind) { return Sparsity::Even(kind, 0.5, 0, 0, kLayers); }

int32_t Best(std::span<const float> row, const Tokenizer* not_ending) {
  int32_t best = -1;
  for (int32_t id = 0; id < static_cast<int32_t>(row.size()); ++id) {
    if (not_ending != nullptr && not_ending->IsEndToken(id)) continue;
    if (best < 0 || row[static_cast<size_t>(id)] > row[static_cast<size_t>(best)]) best = id;
  }
  return best;
}

double Likelihood(std::span<const float> row, int32_t token) {
  double total = 0;
  for (const float logit : row) total += std::exp((static_cast<double>(logit) - static_cast<double>(row[0])) / 0.6);
  return std::exp((static_cast<double>(row[static_cast<size_t>(token)]) - static_cast<double>(row[0])) / 0.6) / total;
}

/// One period from the paper's words: sequences are run anew from their first token for every step of the whole model.
struct SlowPeriod {
  std::vector<int32_t> kept;  // the whole model's own token first
  int32_t agreed = 1, next = -1;
};
SlowPeriod RunSlowly(Model& model, size_t prompt, std::vector<int32_t> text, int32_t token, const SiriusSetting& s) {
  const ModelPart part(LayerChoice::All(kLayers), s.sparsity);
  auto kv = *model.CreateSequence();
  Feed(model, *kv, std::span(text).first(prompt));
  // One by one: coarse neurons are those of the prompt.
  for (size_t at = prompt; at < text.size(); ++at) Feed(model, *kv, std::span(text).subspan(at, 1));
  std::vector<int32_t> chunk = {token};
  while (chunk.size() < static_cast<size_t>(s.period)) {
    std::span<const float> logits;
    const ForwardItem item{kv.get(), std::span(chunk).last(1), 0};
    EXPECT_TRUE(model.ForwardPart({&item, 1}, part, &logits).ok());
    chunk.push_back(Best(logits, &model.tokenizer()));
  }
  const size_t begin = text.size(), vocab = static_cast<size_t>(model.hyper().vocab);
  text.insert(text.end(), chunk.begin(), chunk.end());
  const std::vector<float> logits = Feed(model, **model.CreateSequence(), text, begin);
  const auto row = [&](size_t i) { return std::span(logits).subspan(i * vocab, vocab); };
  SlowPeriod period{{token}};
  for (size_t i = 1; i < chunk.size(); ++i) {
    const bool own = Best(row(i - 1), nullptr) == chunk[i];
    if (s.threshold ? Likelihood(row(i - 1), chunk[i]) < *s.threshold : !own) break;
    period.kept.push_back(chunk[i]);
    period.agreed += own ? 1 : 0;
  }
  period.next = Best(row(period.kept.size() - 1), nullptr);
  return period;
}

TEST(SiriusLoop, DoesWhatASlowOneDoes) {
  const auto model = LoadTiny();
  for (const SparsityKind kind : {SparsityKind::kCoarse, SparsityKind::kFine})
    ASSERT_TRUE(model->Prepare({LayerChoice::All(kLayers), Half(kind)}).ok());
  const std::vector<int32_t> prompt = Tokens(21, 5);
  std::set<int32_t> lengths;
  int32_t disagreed = 0;
  for (const SparsityKind kind : {SparsityKind::kCoarse, SparsityKind::kFine}) {
    for (const std::optional<double> threshold : {std::optional<double>(), {0.001}, {0.2}}) {
      for (const int32_t n : {2, 5}) {
        auto kv = *model->CreateSequence();
        int32_t token = Best(Feed(*model, *kv, prompt, prompt.size() - 1), nullptr);
        const SiriusSetting setting{Half(kind), n, threshold};
        auto loop = SiriusLoop::Begin(*model, std::move(kv), token, setting);
        ASSERT_TRUE(loop.ok()) << loop.status().ToString();
        std::vector<int32_t> text = prompt;
        for (int i = 0; i < 6 && !loop->ended(); ++i) {
          ASSERT_TRUE(loop->TimePlainStep().ok());
          const SlowPeriod slow = RunSlowly(*model, prompt.size(), text, token, setting);
          const auto check = loop->Run();
          ASSERT_TRUE(check.ok()) << check.status().ToString();
          ASSERT_EQ(check->kept, static_cast<int32_t>(slow.kept.size())) << n << " period " << i;
          ASSERT_EQ(check->agreed, slow.agreed);
          ASSERT_EQ(check->next, slow.next);
          EXPECT_GT(check->seconds, 0);
          text.insert(text.end(), slow.kept.begin(), slow.kept.end());
          token = slow.next;
          lengths.insert(check->kept);
          disagreed += check->kept - check->agreed;
          EXPECT_TRUE(threshold || check->kept == check->agreed);
        }
      }
    }
  }
  EXPECT_GE(lengths.size(), 3u);  // some stood, some fell
  EXPECT_GT(disagreed, 0);
}

TEST(SiriusLoop, EndsBeforeTheContextIsFull) {
  const auto model = LoadTiny(32);
  ASSERT_TRUE(model->Prepare({LayerChoice::All(kLayers), Half(SparsityKind::kFine)}).ok());
  auto kv = *model->CreateSequence();
  const int32_t token = Best(Feed(*model, *kv, Tokens(10, 5), 9), nullptr);
  auto loop = SiriusLoop::Begin(*model, std::move(kv), token, {Half(SparsityKind::kFine), 8, 0.0});
  ASSERT_TRUE(loop.ok());
  int32_t periods = 0;
  for (; !loop->ended(); ++periods) ASSERT_TRUE(loop->Run().ok());
  EXPECT_LE(periods, 2);  // 22 tokens of room, eight at once
  EXPECT_GE(periods, 1);
}

TEST(SiriusLoop, SaysWhatIsWrong) {
  const auto model = LoadTiny();
  const auto begin = [&](int32_t period, double threshold) {
    return SiriusLoop::Begin(*model, *model->CreateSequence(), 5, {Half(SparsityKind::kFine), period, threshold})
        .status()
        .message();
  };
  EXPECT_THAT(begin(1, 0.1), HasSubstr("period: expected 2 tokens or more, got 1"));
  EXPECT_THAT(begin(4, 1.5), HasSubstr("threshold: expected 0 to 1, got 1.5"));
}

SparseCalibrationOptions SmallGrid() {
  SparseCalibrationOptions options;
  options.densities = {0.4, 0.7};
  options.layer_densities = {0.2, 0.5, 0.8};
  options.periods = {2, 4};
  options.rules = {std::nullopt, 0.01};
  options.tokens = 10;
  options.trial_tokens = 8;
  return options;
}

std::vector<std::vector<int32_t>> Prompts() { return {Tokens(12, 1), Tokens(7, 2), Tokens(30, 3)}; }

TEST(CalibrateSparsity, MeasuresAGrid) {
  const auto model = LoadTiny();
  SparseCalibrationOptions options = SmallGrid();
  std::vector<std::string> told;
  options.progress = [&](const std::string& what) { told.push_back(what); };
  const auto found = CalibrateSparsity(*model, Prompts(), options);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  const SparseProfile& profile = found->profile;
  // Each of two densities: coarse even and uneven; fine even, uneven and by thresholds.
  EXPECT_EQ(profile.trials.size(), 2u * 5 * 2 * 2);
  EXPECT_EQ(found->untried, 0u);
  EXPECT_GT(found->plain_seconds, 0);
  EXPECT_GT(found->sensitivity_tokens, 0);
  EXPECT_FALSE(told.empty());
  for (const SparseTrial& trial : profile.trials) {
    EXPECT_GE(trial.checks, 1);
    EXPECT_GE(trial.aal, 1);
    EXPECT_LE(trial.aal, trial.period);
    EXPECT_GT(trial.speed, 0);
    EXPECT_GE(trial.speed_error, 0);
    const double step = PartDensity(
        model->hyper(), {LayerChoice::All(kLayers), Sparsity::Even(trial.kind, trial.density, 0, 0, kLayers)});
    EXPECT_NEAR(trial.effective_density, ((trial.period - 1) * step + 1) / trial.aal, 1e-6);
    EXPECT_TRUE(trial.threshold || trial.agreement == 1);
    EXPECT_LE(trial.agreement, 1);
  }
  ASSERT_EQ(profile.best.size(), 2u);
  EXPECT_FALSE(profile.best[0].threshold.has_value());
  EXPECT_EQ(profile.best[1].threshold, 0.01);
  const auto measured_on = [](const SparseTrial& trial) { return trial.checks * trial.period; };
  EXPECT_GT(measured_on(profile.best[1]), 8);  // on more texts than the first
  // The file has all of it, and is of use for this model.
  SparseProfile named = profile;
  named.made_for.model = "tiny";
  const testing::TemporaryFolder folder;
  const auto read = ReadSparseProfile(folder.Write("p.json", SparseProfileText(named)));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(read->CheckFits(*model).ok());
  const auto sparsity = SparsityFrom(*read, {.kind = SparsityKind::kFine, .density = 0.6, .by_threshold = true});
  ASSERT_TRUE(sparsity.ok());
  EXPECT_TRUE(model->Prepare({LayerChoice::All(kLayers), *sparsity}).ok());
}

TEST(CalibrateSparsity, StopsInTimeAndSaysWhatIsMissing) {
  const auto model = LoadTiny();
  SparseCalibrationOptions options = SmallGrid();
  options.seconds = 1e-9;
  options.kinds = {SparsityKind::kFine};
  const auto found = CalibrateSparsity(*model, Prompts(), options);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->untried, 2u * 3 * 2 * 2);
  EXPECT_TRUE(found->profile.best.empty());
  EXPECT_TRUE(found->profile.coarse.empty());
  EXPECT_EQ(found->profile.fine.size(), static_cast<size_t>(kLayers));
}

TEST(CalibrateSparsity, FindsThatTheRealModelPaysOrNot_slow) {
  ModelConfig config;
  config.source = "smollm2-135m-instruct";
  const auto model = Model::Load(config);
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  std::vector<std::vector<int32_t>> prompts;
  for (const char* text : {"The three primary colours are", "A list of animals:\n- a cat\n- a dog\n-"})
    prompts.push_back(*(*model)->tokenizer().Encode(text, {}));
  SparseCalibrationOptions options = SparseCalibrationOptions::Quick();
  options.layer_densities = {0.3, 0.7};
  options.periods = {4};
  options.tokens = 16;
  options.trial_tokens = 16;
  const auto found = CalibrateSparsity(**model, prompts, options);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  const SparseProfile& profile = found->profile;
  EXPECT_EQ(profile.best.size(), 2u);
  // Less density loses more, in all layers together.
  for (const auto& kind : {profile.coarse, profile.fine}) {
    double sparse = 0, dense = 0;
    for (const auto& layer : kind) sparse += layer[0], dense += layer[1];
    EXPECT_GT(sparse, dense);
    EXPECT_GT(dense, 0);
  }
  for (const auto& layer : profile.thresholds) EXPECT_TRUE(std::is_sorted(layer.rbegin(), layer.rend()));
  for (const SparseTrial& trial : profile.trials) {
    EXPECT_GE(trial.agreement, trial.threshold ? 0.5 : 1);
    EXPECT_LE(trial.agreement, 1);
  }
}

}  // namespace
}  // namespace retort

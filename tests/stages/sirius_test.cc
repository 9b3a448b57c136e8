// sparse-predict and correct: step for step a slow reference, whatever the batch; what they count; what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/model/part_density.h"
#include "tests/stages/self_drafting_fixture.h"
#include "tests/stages/sirius_reference.h"

namespace retort::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class Sirius : public SelfDrafting {
 protected:
  void Use(std::shared_ptr<Model> target) {
    predict_.reset();  // stages go before their host
    correct_.reset();
    SelfDrafting::Use(std::move(target));
  }
  /// Decode to the end, `check` for each record that goes on after a round.
  void Write(const std::vector<Record*>& records, const std::string& predict, const std::string& correct,
             const std::function<void(Record*)>& check = {}) {
    predict_ = Stage("sparse-predict", "{ model: target, " + predict + " }");
    correct_ = Stage("correct", "{ model: target, ignore_eos: true, " + correct + " }");
    ASSERT_TRUE(predict_ != nullptr && correct_ != nullptr);
    SpeculateToEnd(*predict_, *correct_, records, check);
  }
  static std::vector<int32_t> PromptOf(const Record& record) {
    const auto& tokens = record.generation->tokens();
    return {tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(record.generation->generated_count())};
  }
  static std::vector<int32_t> Written(const Record& record) {
    const auto& tokens = record.generation->tokens();
    return {tokens.end() - static_cast<std::ptrdiff_t>(record.generation->generated_count()), tokens.end()};
  }
  static double Sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
  void TearDown() override {
    predict_.reset();
    correct_.reset();
  }

  std::unique_ptr<MockStage> predict_, correct_;
};

struct Case {
  SparsityKind kind;
  float density;
  size_t kernel, width;
  double threshold;
};

class SiriusLoop : public Sirius, public ::testing::WithParamInterface<Case> {};

TEST_P(SiriusLoop, IsTheSlowReferenceStepForStepWhateverTheBatch) {
  const Case& given = GetParam();
  const auto target = LoadTiny(2);
  const ModelPart part(LayerChoice::All(kLayers), Sparsity::Even(given.kind, given.density, 0, 1, kLayers));
  const std::string predict = std::string("at_end: next, dense_last: 1, sparsity: ") +
                              (given.kind == SparsityKind::kCoarse ? "coarse" : "fine") +
                              ", density: " + std::to_string(given.density) +
                              ", kernel: " + std::to_string(given.kernel) + ", width: " + std::to_string(given.width);
  const std::string correct = "max_tokens: 24, threshold: " + std::to_string(given.threshold);
  for (const size_t batch : {size_t{1}, size_t{8}}) {
    Use(target);
    const std::vector<Record*> records = Records(batch);
    Write(records, predict, correct, [&](Record* record) { ExpectAPrefill(*record); });
    const double density = PartDensity(target->hyper(), part);
    const SiriusReference reference(*target, {part, given.kernel, given.width, given.threshold, 24}, density);
    std::vector<double> kept;
    double cost = 0, least_kept = 24;
    for (const Record* record : records) {
      SCOPED_TRACE(record->id);
      const SiriusRun run = reference.Write(PromptOf(*record));
      EXPECT_THAT(Written(*record), ElementsAreArray(std::span(run.tokens).first(24)));
      kept.insert(kept.end(), run.kept.begin(), run.kept.end());
      cost += run.cost;
      least_kept = std::min(least_kept, *std::min_element(run.kept.begin(), run.kept.end()));
    }
    EXPECT_LT(least_kept, static_cast<double>(given.kernel)) << "nothing was rolled back";
    std::vector<double> counted = correct_->samples("kept_tokens");
    ASSERT_EQ(counted.size(), kept.size());
    if (batch > 1) {  // other orders: record by record, or check by check
      std::sort(kept.begin(), kept.end());
      std::sort(counted.begin(), counted.end());
    }
    EXPECT_THAT(counted, ElementsAreArray(kept));
    EXPECT_NEAR(correct_->counter("check_density"), cost, 1e-9 * cost);
  }
}
INSTANTIATE_TEST_SUITE_P(Settings, SiriusLoop,
                         ::testing::Values(Case{SparsityKind::kCoarse, 0.5f, 8, 1, 0.01},
                                           Case{SparsityKind::kFine, 0.5f, 8, 1, 0.01},
                                           Case{SparsityKind::kFine, 0.3f, 2, 1, 0.02},
                                           Case{SparsityKind::kCoarse, 0.4f, 4, 3, 0.01},
                                           Case{SparsityKind::kFine, 0.4f, 6, 4, 0.015}),
                         [](const auto& test) {
                           const Case& given = test.param;
                           return std::string(given.kind == SparsityKind::kCoarse ? "Coarse" : "Fine") + "Kernel" +
                                  std::to_string(given.kernel) + "Width" + std::to_string(given.width);
                         });

TEST_F(Sirius, TheLastCheckOfARecordIsLeftOutOfTheFiguresWithoutLast) {
  Use(LoadTiny(1));
  const std::vector<Record*> records = Records(1);
  Write(records, "sparsity: fine, density: 0.5, kernel: 4", "max_tokens: 17, threshold: 0.01");
  std::vector<double> all = correct_->samples("kept_tokens");
  ASSERT_GT(all.size(), 2u);
  all.pop_back();
  EXPECT_THAT(correct_->samples("kept_tokens_without_last"), ElementsAreArray(all));
  // All but the last have kernel - 1 sparse tokens, so the published formula holds.
  const double n = 4, aal = Sum(all) / static_cast<double>(all.size());
  const ModelPart part(LayerChoice::All(kLayers), Sparsity::Even(SparsityKind::kFine, 0.5, 0, 0, kLayers));
  const double d = PartDensity(target_->hyper(), part);
  EXPECT_NEAR(correct_->counter("check_density_without_last") / Sum(all), ((n - 1) * d + 1) / aal, 1e-12);
}

TEST_F(Sirius, LosslessIsPlainDecoding) {
  const auto target = LoadTiny(2);
  for (const std::string temperature : {"0", "0.8"}) {
    Use(target);
    const std::string options = "max_tokens: 24, temperature: " + temperature;
    std::vector<std::string> plain;
    for (Record* const record : Generate(8, options + ", ignore_eos: true"))
      plain.push_back(Texts(std::span(&record, 1)));
    for (const std::string predict : {"sparsity: coarse, kernel: 5, drafting: coupled", "kernel: 5, width: 3"}) {
      Use(target);
      const std::vector<Record*> records = Records(8);
      Write(records, predict, "mode: lossless, " + options, [&](Record* record) { ExpectAPrefill(*record); });
      for (size_t i = 0; i < 8; ++i) EXPECT_EQ(Texts(std::span(&records[i], 1)), plain[i]) << predict;
      EXPECT_GT(correct_->counter("accepted_tokens"), 0);
    }
  }
}

TEST_F(Sirius, AdaptiveTextsDependOnNothingButTheRecord) {
  const auto target = LoadTiny(2);
  for (const std::string temperature : {"0", "0.8"}) {
    std::vector<std::string> alone;
    for (size_t i = 0; i < 8; ++i) {
      Use(target);
      const std::vector<Record*> records = Records(8);
      Write({records[i]}, "kernel: 12", "mode: adaptive, max_tokens: 24, temperature: " + temperature);
      alone.push_back(Texts(std::span(&records[i], 1)));
    }
    Use(target);
    const std::vector<Record*> records = Records(8);
    Write(records, "kernel: 12", "mode: adaptive, max_tokens: 24, temperature: " + temperature,
          [&](Record* record) { ExpectAPrefill(*record); });
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(Texts(std::span(&records[i], 1)), alone[i]);
  }
}

TEST_F(Sirius, AStrictPatternGivesAllRecordsOfAStepTheSameNeurons) {
  const auto target = LoadTiny(1);
  for (const std::string sparsity : {"coarse", "fine"}) {
    // Alone, and beside records that are the same, strict changes nothing.
    const auto text = [&](const std::string& pattern, size_t same) {
      Use(target);
      std::vector<Record*> records;
      for (size_t i = 0; i < same; ++i) records.push_back(Begin("r" + std::to_string(i), {5, 9, 100, 23, 77, 61, 8}));
      Write(records, "sparsity: " + sparsity + ", density: 0.4, pattern: " + pattern,
            "max_tokens: 24, threshold: 0.01");
      return Texts(std::span(records).last(1));
    };
    const std::string each = text("each", 1);
    EXPECT_EQ(text("strict", 1), each) << sparsity;
    EXPECT_EQ(text("strict", 4), each) << sparsity;
    Use(target);
    const std::vector<Record*> records = Records(8);
    Write(records, "sparsity: " + sparsity + ", density: 0.4, pattern: strict", "mode: lossless, max_tokens: 24",
          [&](Record* record) { ExpectAPrefill(*record); });
  }
}

TEST_F(Sirius, AContextThatEndsInTheMiddleOfAKernelEndsTheText) {
  ModelConfig config;
  config.name = "target";
  config.source = WriteTinyModel(TempPath("tiny1.gguf"), {.layers = kLayers, .seed = 1});
  config.precision = Precision::kExact;
  config.context_length = 32;
  auto model = Model::Load(config);
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  for (const std::string predict : {"kernel: 16", "kernel: 16, sparsity: coarse, width: 4"}) {
    Use(*model);
    Record* const record = Begin("r", {5, 9, 100, 23, 77, 61, 8, 4, 12, 90, 31, 17, 3, 66, 41, 2, 25, 54, 7, 29});
    Write({record}, predict, "max_tokens: 100, threshold: 0");
    EXPECT_EQ(record->generation->tokens().size(), 32u);
    EXPECT_EQ(record->generation->finish(), FinishReason::kLength);
  }
}

TEST_F(Sirius, SaysWhatIsWrong) {
  Use(LoadTiny(1));
  const std::pair<const char*, const char*> predict[] = {
      {"density: 0", "density: expected above 0"},
      {"density: 1.5", "density"},
      {"kernel: 16, width: 8",
       "width: a check takes 63 sparse tokens at most, and (kernel - 1) * width are 120; "
       "expected a width up to 4"},
      {"width: 2, drafting: coupled", "drafting: coupled gives one token for each place"},
      {"choose: threshold", "choose: threshold takes them from a profile"},
      {"choose: threshold, sparsity: coarse, profile: p.json", "expected sparsity: fine"},
      {"dense_first: 3, dense_last: 2", "expected less than the model's 5 layers together"}};
  for (const auto& [options, part] : predict) {
    auto stage = host_->Create("sparse-predict", std::string("{ model: target, ") + options + " }");
    ASSERT_FALSE(stage.ok()) << options;
    EXPECT_THAT(stage.status().message(), HasSubstr(part)) << options;
  }
  auto correct = host_->Create("correct", "{ model: target, mode: adaptive, threshold: 0.6 }");
  ASSERT_FALSE(correct.ok());
  EXPECT_THAT(correct.status().message(), HasSubstr("strict_threshold: expected threshold or more"));
}

}  // namespace
}  // namespace retort::testing

// What a sparse part loses along a text and what correction wins back, against sequences that are run anew for every
// token.
#include "core/model/sparse_perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kLayers = 3, kWindow = 24;
constexpr const char* kText =
    "the sea is wide; and 11 ships sail on, the sea is deep and the ships are 7, the wide sea is not the deep one, and "
    "no ship sails there.";

std::shared_ptr<Model> LoadTiny() {
  ModelConfig config;
  config.source = testing::WriteTinyModel(testing::TempPath("sparse_perplexity.gguf"), {.layers = kLayers});
  config.precision = Precision::kExact;
  config.prefix_cache = 0;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

ModelPart Part(SparsityKind kind, double density) {
  return {LayerChoice::All(kLayers), Sparsity::Even(kind, density, 0, 0, kLayers)};
}

Result<SparsePerplexity> Measure(Model& model, const SparsePerplexityOptions& options) {
  EXPECT_TRUE(model.Prepare(options.part).ok());
  std::istringstream in(kText);
  TextTokens text(in, "text", model.tokenizer(), nullptr);
  return MeasureSparsePerplexity(model, text, options);
}

SparsePerplexityOptions Options(ModelPart part, size_t kernel, double threshold) {
  SparsePerplexityOptions options(std::move(part));
  options.kernel = kernel;
  options.threshold = threshold;
  options.text.window = kWindow;
  return options;
}

/// Losses of the three ways, each row of logits from a sequence of its own.
class Naive {
 public:
  Naive(Model& model, const SparsePerplexityOptions& options) : model_(model), options_(options) {}

  void Run() {
    std::vector<int32_t> tokens = *model_.tokenizer().Encode(kText, {});
    const std::vector<int32_t> opening = *model_.tokenizer().Encode("", {.add_special = true});
    const size_t step = kWindow - opening.size();
    for (size_t begin = 0; begin + step <= tokens.size(); begin += step) {
      std::vector<int32_t> window = opening;
      window.insert(window.end(), tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                    tokens.begin() + static_cast<std::ptrdiff_t>(begin + step));
      Window(window);
    }
  }
  static double Perplexity(const std::vector<double>& losses) {
    double sum = 0;
    for (const double loss : losses) sum += loss;
    return std::exp(sum / static_cast<double>(losses.size()));
  }

  std::vector<double> full, sparse, corrected;
  size_t by_whole = 0;

 private:
  /// Logits for token `at`: the whole model before token `whole`, the part from there on.
  std::vector<double> LogP(const std::vector<int32_t>& window, size_t whole, size_t at, double temperature = 1) {
    auto kv = *model_.CreateSequence();
    std::span<const float> logits;
    // The first half of a window is its prompt, by which coarse neurons are chosen.
    const size_t prompt = kWindow / 2 - 1;
    const ForwardItem first{kv.get(), std::span(window).first(prompt), prompt - 1};
    EXPECT_TRUE(model_.Forward({&first, 1}, &logits).ok());
    for (size_t i = prompt; i < at; ++i) {
      const ForwardItem item{kv.get(), std::span(window).subspan(i, 1)};
      const Status status =
          i < whole ? model_.Forward({&item, 1}, &logits) : model_.ForwardPart({&item, 1}, options_.part, &logits);
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    std::vector<double> logs(logits.begin(), logits.end());
    long double total = 0;
    for (const double x : logs) total += std::exp(static_cast<long double>(x / temperature));
    for (double& x : logs) x = x / temperature - static_cast<double>(std::log(total));
    return logs;
  }
  void Window(const std::vector<int32_t>& window) {
    const size_t half = kWindow / 2;
    const auto loss = [&](const std::vector<double>& logs, size_t at) {
      return -logs[static_cast<size_t>(window[at])];
    };
    size_t of_kernel = 0, begin = half;
    for (size_t at = half; at < window.size(); ++at, ++of_kernel) {
      full.push_back(loss(LogP(window, at, at), at));
      sparse.push_back(loss(LogP(window, half - 1, at), at));
      const std::vector<double> by_part = LogP(window, begin, at);
      const auto best = static_cast<size_t>(std::max_element(by_part.begin(), by_part.end()) - by_part.begin());
      const double likelihood = std::exp(LogP(window, at, at, options_.threshold_temperature)[best]);
      const bool whole = of_kernel % options_.kernel == 0 || likelihood < options_.threshold;
      corrected.push_back(whole ? full.back() : loss(by_part, at));
      if (!whole) continue;
      of_kernel = 0;
      begin = at;
      ++by_whole;
    }
  }

  Model& model_;
  const SparsePerplexityOptions& options_;
};

TEST(SparsePerplexity, IsThatOfSequencesRunAnewForEveryToken) {
  const auto model = LoadTiny();
  ASSERT_NE(model, nullptr);
  for (const SparsityKind kind : {SparsityKind::kCoarse, SparsityKind::kFine}) {
    const SparsePerplexityOptions options = Options(Part(kind, 0.4), 4, 0.05);
    const auto figures = Measure(*model, options);
    ASSERT_TRUE(figures.ok()) << figures.status().ToString();
    Naive naive(*model, options);
    naive.Run();
    ASSERT_EQ(figures->tokens, naive.full.size());
    ASSERT_GT(naive.by_whole, naive.full.size() / 4) << "no kernel was cut short";
    ASSERT_LT(naive.by_whole, naive.full.size()) << "no sparse token stood";
    EXPECT_NEAR(figures->full.value, Naive::Perplexity(naive.full), 1e-4);
    EXPECT_NEAR(figures->sparse.value, Naive::Perplexity(naive.sparse), 1e-4);
    EXPECT_NEAR(figures->corrected.value, Naive::Perplexity(naive.corrected), 1e-4);
    EXPECT_NEAR(figures->by_whole, static_cast<double>(naive.by_whole) / static_cast<double>(naive.full.size()), 1e-12);
    const double lost = std::log(figures->sparse.value / figures->full.value);
    if (lost > 0) {
      EXPECT_NEAR(figures->recovery, std::log(figures->sparse.value / figures->corrected.value) / lost, 1e-6);
    }
  }
}

TEST(SparsePerplexity, IsTheWholeModelsWhereNothingStandsOrNothingIsLeftOut) {
  const auto model = LoadTiny();
  ASSERT_NE(model, nullptr);
  const auto strict = Measure(*model, Options(Part(SparsityKind::kFine, 0.4), 8, 1.5));
  ASSERT_TRUE(strict.ok()) << strict.status().ToString();
  EXPECT_EQ(strict->corrected.value, strict->full.value);
  EXPECT_NE(strict->sparse.value, strict->full.value);
  EXPECT_EQ(strict->by_whole, 1);
  const auto dense = Measure(*model, Options(Part(SparsityKind::kFine, 1), 8, 0));
  ASSERT_TRUE(dense.ok()) << dense.status().ToString();
  EXPECT_EQ(dense->sparse.value, dense->full.value);
  EXPECT_EQ(dense->corrected.value, dense->full.value);
  EXPECT_TRUE(std::isnan(dense->recovery));
}

TEST(SparsePerplexity, SaysWhatIsWrong) {
  const auto model = LoadTiny();
  ASSERT_NE(model, nullptr);
  EXPECT_THAT(Measure(*model, Options(Part(SparsityKind::kFine, 0.4), 1, 0.1)).status().message(),
              HasSubstr("kernel: expected 2 tokens or more"));
  SparsePerplexityOptions options = Options(Part(SparsityKind::kFine, 0.4), 4, 0.1);
  options.text.window = 1 << 20;
  EXPECT_THAT(Measure(*model, options).status().message(), HasSubstr("window: expected 2 to"));
}

}  // namespace
}  // namespace retort

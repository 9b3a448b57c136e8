// What `precision: fast` costs the real model on prose. Here over what a minute allows; the 20,000 tokens of the
// figures: tools/bench/perplexity.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "core/model/perplexity.h"

namespace retort {
namespace {

/// The path of the text that tools/bench/perplexity fetches, or nothing where it cannot.
std::string ProsePath() {
  std::FILE* const pipe = popen(RETORT_SOURCE_DIR "/tools/bench/perplexity --print-text", "r");
  if (pipe == nullptr) return "";
  std::string path;
  char part[256];
  while (std::fgets(part, sizeof part, pipe) != nullptr) path += part;
  if (pclose(pipe) != 0 || path.empty()) return "";
  path.pop_back();  // the end of the line
  return path;
}

TEST(RealPerplexity, FastIsWithinHalfAPercentOfExact_slow) {
  const std::string path = ProsePath();
  if (path.empty()) GTEST_SKIP() << "the text could not be fetched: see tools/bench/perplexity";
  ModelConfig config;
  config.source = "smollm2-135m-instruct";
  config.prefix_cache = 0;
  const auto fast = Model::Load(config);
  config.precision = Precision::kExact;
  const auto exact = Model::Load(config);
  ASSERT_TRUE(fast.ok() && exact.ok()) << fast.status().ToString() << exact.status().ToString();
  std::ifstream in(path, std::ios::binary);
  TextTokens text(in, path, (*fast)->tokenizer());
  PerplexityOptions options;
  options.tokens = 4000;
  const auto figures = MeasurePerplexity(**fast, exact->get(), text, options);
  ASSERT_TRUE(figures.ok()) << figures.status().ToString();
  EXPECT_GE(figures->tokens, 4000u);
  EXPECT_GT(figures->base_perplexity.value, 10);
  EXPECT_LT(figures->base_perplexity.value, 30);
  EXPECT_NEAR(figures->ratio.value, 1, 0.005);
  // Measured over 20,224 tokens: 0.0017 and 0.977; with byte dots, which meet the logits' 8-bit weights too, 0.0026 and
  // 0.969. The bounds leave room for the smaller sample.
  EXPECT_LT(figures->divergence.value, 0.005);
  EXPECT_GT(figures->agreement.value, 0.95);
}

}  // namespace
}  // namespace retort

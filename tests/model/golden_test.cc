// The real model against logits and greedy continuations of transformers in float32 (tests/golden/make_logits.py).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/model/model.h"
#include "tests/model/golden_file.h"

namespace retort {
namespace {

constexpr float kLogitTolerance = 2e-3f;
constexpr double kClearMargin = 1e-2;  // below, either of the two best tokens is right

struct PositionLogits {
  size_t position;
  std::map<int32_t, float> logits;  // by token
};
struct Prompt {
  std::string name, text;  // no text: it was cut at a number of tokens
  std::vector<int32_t> tokens, greedy;
  std::vector<double> margins;
  std::vector<PositionLogits> positions;
};

template <typename T>
std::vector<T> ReadValues(std::ifstream& in, size_t count) {
  std::vector<T> values(count);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  EXPECT_TRUE(in) << "the file of logits is too short";
  return values;
}

std::vector<Prompt> ReadPrompts() {
  const auto golden = ReadGoldenJson("smollm2.logits.json");
  std::ifstream binary(GoldenPath("smollm2.logits.bin"), std::ios::binary);
  const auto sampled = golden["sampled"].get<std::vector<int32_t>>();
  const auto top = golden["top"].get<size_t>();
  std::vector<Prompt> prompts;
  for (const auto& p : golden["prompts"]) {
    Prompt prompt{p["name"], p["text"].is_null() ? "" : p["text"], p["tokens"], p["greedy"], p["margins"], {}};
    for (size_t position : p["positions"].get<std::vector<size_t>>()) {
      PositionLogits entry{position, {}};
      const auto ids = ReadValues<int32_t>(binary, top);
      const auto best = ReadValues<float>(binary, top);
      const auto drawn = ReadValues<float>(binary, sampled.size());
      for (size_t i = 0; i < top; ++i) entry.logits[ids[i]] = best[i];
      for (size_t i = 0; i < sampled.size(); ++i) entry.logits[sampled[i]] = drawn[i];
      prompt.positions.push_back(std::move(entry));
    }
    prompts.push_back(std::move(prompt));
  }
  EXPECT_EQ(binary.peek(), std::ifstream::traits_type::eof());
  return prompts;
}

std::shared_ptr<Model> LoadExact(const std::string& device) {
  ModelConfig config;
  config.name = "golden";
  config.source = "smollm2-135m-instruct";
  config.device = device;
  config.precision = Precision::kExact;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

int32_t Best(const float* row, int32_t vocab) { return static_cast<int32_t>(std::max_element(row, row + vocab) - row); }

// Run the prompt in one step and compare logits; then go on greedily for `steps` tokens.
void Check(Model& model, const Prompt& prompt, size_t steps) {
  SCOPED_TRACE(prompt.name);
  if (!prompt.text.empty()) {
    const auto tokens = model.tokenizer().Encode(prompt.text, {.parse_special = true});
    ASSERT_TRUE(tokens.ok()) << tokens.status().ToString();
    EXPECT_EQ(*tokens, prompt.tokens);
  }
  auto kv = model.CreateSequence();
  ASSERT_TRUE(kv.ok()) << kv.status().ToString();
  const int32_t vocab = model.hyper().vocab;
  std::span<const float> logits;
  const auto forward = [&](std::span<const int32_t> tokens) {
    const ForwardItem item{kv->get(), tokens, 0};
    const Status status = model.Forward({&item, 1}, &logits);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_EQ(logits.size(), tokens.size() * vocab);
  };
  forward(prompt.tokens);
  if (::testing::Test::HasFatalFailure()) return;
  float worst = 0;
  for (const PositionLogits& expected : prompt.positions) {
    for (const auto& [token, logit] : expected.logits) {
      const float difference = std::abs(logits[expected.position * vocab + token] - logit);
      worst = difference <= worst ? worst : difference;  // a NaN stays
    }
  }
  EXPECT_LE(worst, kLogitTolerance);
  size_t compared = 0;
  for (; compared < steps; ++compared) {
    const int32_t best = Best(logits.data() + logits.size() - vocab, vocab);
    if (best != prompt.greedy[compared]) {
      EXPECT_LT(prompt.margins[compared], kClearMargin)
          << "step " << compared << ": got " << best << ", expected " << prompt.greedy[compared];
      break;
    }
    forward({&best, 1});
    if (::testing::Test::HasFatalFailure()) return;
  }
  std::printf("%-24s %4zu tokens, largest difference of logits %.2e, %zu of %zu greedy tokens equal\n",
              prompt.name.c_str(), prompt.tokens.size(), worst, compared, steps);
}

TEST(Golden, HasEnoughPromptsOfAllLengths) {
  const auto prompts = ReadPrompts();
  EXPECT_GE(prompts.size(), 20u);
  const auto shorter = [](const Prompt& a, const Prompt& b) { return a.tokens.size() < b.tokens.size(); };
  EXPECT_EQ(std::min_element(prompts.begin(), prompts.end(), shorter)->tokens.size(), 1u);
  EXPECT_GE(std::max_element(prompts.begin(), prompts.end(), shorter)->tokens.size(), 512u);
  for (const Prompt& prompt : prompts) {
    EXPECT_GE(prompt.greedy.size(), 64u);
    EXPECT_EQ(prompt.greedy.size(), prompt.margins.size());
    EXPECT_EQ(prompt.positions.back().position + 1, prompt.tokens.size());
  }
}

TEST(Golden, RefEqualsTransformersOnShortPrompts_slow) {
  const auto model = LoadExact("ref");
  ASSERT_NE(model, nullptr);
  for (const Prompt& prompt : ReadPrompts()) {
    if (prompt.tokens.size() <= 8) Check(*model, prompt, 8);
  }
}

TEST(Golden, CpuExactEqualsTransformers_slow) {
  const auto model = LoadExact("cpu");
  ASSERT_NE(model, nullptr);
  for (const Prompt& prompt : ReadPrompts()) Check(*model, prompt, prompt.greedy.size());
}

}  // namespace
}  // namespace retort

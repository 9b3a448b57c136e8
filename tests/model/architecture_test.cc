// Tiny random models of every architecture, format and rope scaling against logits of transformers in float32
// (tests/golden/make_architectures.py).
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/model/model.h"
#include "core/model/model_file.h"
#include "tests/model/golden_file.h"

namespace retort {
namespace {

constexpr float kTolerance = 1e-4f;

struct Case {
  std::string name, path, device;
  nlohmann::json golden;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const nlohmann::json all = ReadGoldenJson("architectures/architectures.json");
  for (const auto& golden : all["cases"]) {
    const std::string name = golden["name"], path = GoldenPath("architectures/" + name);
    for (const std::string device : {"ref", "cpu"}) {
      cases.push_back({name + "_safetensors_" + device, path, device, golden});
      if (golden["gguf"]) cases.push_back({name + "_gguf_" + device, path + ".gguf", device, golden});
    }
  }
  return cases;
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class ArchitectureTest : public ::testing::TestWithParam<Case> {};

TEST_P(ArchitectureTest, LogitsEqualTransformers) {
  ModelConfig config;
  config.source = GetParam().path;
  config.device = GetParam().device;
  config.precision = Precision::kExact;
  const auto model = Model::Load(config);
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  const auto kv = (*model)->CreateSequence();
  ASSERT_TRUE(kv.ok()) << kv.status().ToString();
  const auto tokens = GetParam().golden["tokens"].get<std::vector<int32_t>>();
  const auto vocab = static_cast<size_t>((*model)->hyper().vocab);
  std::span<const float> logits;
  const ForwardItem item{kv->get(), tokens, 0};
  const Status status = (*model)->Forward({&item, 1}, &logits);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const auto positions = GetParam().golden["positions"].get<std::vector<size_t>>();
  float worst = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto expected = GetParam().golden["logits"][i].get<std::vector<float>>();
    ASSERT_EQ(expected.size(), vocab);
    for (size_t j = 0; j < vocab; ++j) {
      const float difference = std::fabs(logits[positions[i] * vocab + j] - expected[j]);
      worst = difference <= worst ? worst : difference;  // a NaN stays
    }
  }
  EXPECT_LE(worst, kTolerance);
  std::printf("%-32s %3zu tokens, largest difference of logits %.1e\n", GetParam().name.c_str(), tokens.size(),
              static_cast<double>(worst));
}

INSTANTIATE_TEST_SUITE_P(All, ArchitectureTest, ::testing::ValuesIn(Cases()), CaseName);

TEST(Architectures, TokensEqualTokenizers) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const auto file = ModelFile::Open(c.path);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    const auto tokenizer = (*file)->CreateTokenizer();
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
    const std::string text = c.golden["text"];
    const auto tokens = (*tokenizer)->Encode(text, {.add_special = true, .parse_special = true});
    ASSERT_TRUE(tokens.ok()) << tokens.status().ToString();
    EXPECT_EQ(*tokens, c.golden["text_tokens"].get<std::vector<int32_t>>());
    EXPECT_TRUE((*tokenizer)->IsEndToken((*tokenizer)->eos()));
    EXPECT_EQ((*tokenizer)->TokenBytes((*tokenizer)->eos()), "<|end|>");
    EXPECT_EQ((*tokenizer)->TokenBytes((*tokenizer)->bos()), "<|begin|>");
  }
}

}  // namespace
}  // namespace retort

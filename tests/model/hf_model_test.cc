// Folders as Hugging Face's libraries save them: what is read, and what is refused with which words.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/model.h"
#include "core/model/model_file.h"
#include "tests/model/golden_file.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

/// A copy of a golden model whose files a test may change.
class HfModelTest : public ::testing::Test {
 protected:
  void Use(const std::string& golden) {
    for (const auto& entry : std::filesystem::directory_iterator(GoldenPath("architectures/" + golden))) {
      std::filesystem::copy_file(entry.path(), path(entry.path().filename().string()),
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  Json Read(const std::string& name) const { return Json::parse(folder_.Read(name)); }
  void Write(const std::string& name, const Json& json) const { folder_.Write(name, json.dump()); }
  /// Change a file for one check, then put it back.
  template <typename Change>
  void ExpectRefused(const std::string& name, Change change, StatusCode code, const std::string& part) {
    const Json before = Read(name);
    Json after = before;
    change(after);
    Write(name, after);
    const auto model = Load();
    Write(name, before);
    ASSERT_FALSE(model.ok()) << "expected a message with: " << part;
    EXPECT_EQ(model.status().code(), code) << model.status().ToString();
    EXPECT_THAT(model.status().message(), HasSubstr(part));
    EXPECT_THAT(model.status().message(), HasSubstr(folder_.path()));
  }
  Result<std::shared_ptr<Model>> Load(int32_t context = 0) const {
    ModelConfig config;
    config.source = folder_.path();
    config.device = "ref";
    config.context_length = context;
    return Model::Load(config);
  }
  ModelHyper Hyper() const {
    const auto model = Load();
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    return model.ok() ? (*model)->hyper() : ModelHyper{};
  }
  testing::TemporaryFolder folder_;
};

TEST_F(HfModelTest, ReadsSizes) {
  Use("qwen3");
  const ModelHyper h = Hyper();
  EXPECT_EQ(h.architecture, "qwen3");
  EXPECT_EQ(h.hidden, 32);
  EXPECT_EQ(h.head_dim, 16);
  EXPECT_EQ(h.heads, 4);
  EXPECT_EQ(h.kv_heads, 2);
  EXPECT_EQ(h.context_length, 128);
  EXPECT_EQ(h.rope_base, 100000.0f);
  EXPECT_TRUE(h.qk_norm);
  EXPECT_TRUE(h.rope_neox);
  EXPECT_TRUE(h.tied_embeddings);
  EXPECT_FALSE(h.attention_bias);
}

TEST_F(HfModelTest, ReadsTheRotationsOfOlderFiles) {
  Use("smollm");
  Json config = Read("config.json");
  config.erase("rope_parameters");
  config["rope_theta"] = 5000;
  config["rope_scaling"] = nullptr;
  Write("config.json", config);
  EXPECT_EQ(Hyper().rope_base, 5000.0f);
  EXPECT_EQ(Hyper().context_length, 128);
  config["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
  Write("config.json", config);
  EXPECT_EQ(Hyper().rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ(Hyper().context_length, 256);
  config["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 64}};
  Write("config.json", config);
  EXPECT_EQ(Hyper().rope_scaling.kind, RopeScaling::Kind::kYarn);
  EXPECT_EQ(Hyper().context_length, 256);
  EXPECT_NEAR(Hyper().attention_scale, 1.1386294 * 1.1386294 / std::sqrt(8.0), 1e-6);
  config["rope_scaling"] = {{"type", "dynamic"}, {"factor", 4.0}};  // changes nothing within the context
  Write("config.json", config);
  EXPECT_EQ(Hyper().rope_scaling.kind, RopeScaling::Kind::kNone);
  EXPECT_EQ(Hyper().context_length, 128);
}

TEST_F(HfModelTest, RefusesSettingsItCannotFollow) {
  Use("llama3");
  const auto config = [&](auto change, StatusCode code, const std::string& part) {
    ExpectRefused("config.json", change, code, part);
  };
  const auto kUnsupported = StatusCode::kUnsupported;
  config([](Json& j) { j["model_type"] = "mamba"; }, kUnsupported, "model_type: architecture 'mamba'; supported are");
  config([](Json& j) { j.erase("model_type"); }, StatusCode::kNotFound, "config.json: model_type is missing");
  config([](Json& j) { j["hidden_act"] = "gelu"; }, kUnsupported, "hidden_act: expected silu, got 'gelu'");
  config([](Json& j) { j["quantization_config"] = {{"bits", 4}}; }, kUnsupported, "quantised safetensors");
  config([](Json& j) { j["hidden_size"] = "x"; }, StatusCode::kInvalidArgument,
         "hidden_size: expected an integer, got string");
  config([](Json& j) { j["num_hidden_layers"] = 0; }, StatusCode::kInvalidArgument, "expected 1 to 4096, got 0");
  config([](Json& j) { j["num_key_value_heads"] = 3; }, StatusCode::kInvalidArgument, "sizes make no model");
  config([](Json& j) { j["vocab_size"] = 88; }, StatusCode::kInvalidArgument, "vocab_size: expected 89");
  config([](Json& j) { j["rope_parameters"]["rope_type"] = "longrope"; }, kUnsupported, "rope scaling 'longrope'");
  config([](Json& j) { j["rope_parameters"].erase("low_freq_factor"); }, StatusCode::kNotFound,
         "rope_parameters.low_freq_factor is missing");
  config([](Json& j) { j["rope_parameters"]["low_freq_factor"] = 4; }, StatusCode::kInvalidArgument,
         "expected high_freq_factor above low_freq_factor");
  config([](Json& j) { j["rope_parameters"]["partial_rotary_factor"] = 0.5; }, kUnsupported, "rotated in part");
  config([](Json& j) { j["rope_parameters"] = 1; }, StatusCode::kInvalidArgument,
         "rope_parameters: expected an object");
  config([](Json& j) { j["num_hidden_layers"] = 1; }, kUnsupported,
         "tensor 'model.layers.1.input_layernorm.weight' has no place");
  config([](Json& j) { j["num_hidden_layers"] = 3; }, StatusCode::kNotFound, "tensor 'model.layers.2.");
  config([](Json& j) { j["intermediate_size"] = 47; }, StatusCode::kInvalidArgument,
         "tensor 'model.layers.0.mlp.gate_proj.weight': expected shape [47, 32] from the metadata, got [48, 32]");
  folder_.Write("config.json", "{\"model_type\": ");
  EXPECT_EQ(Load().status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Load().status().message(), HasSubstr("config.json: no JSON"));
  std::filesystem::remove(path("config.json"));
  EXPECT_EQ(Load().status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Load().status().message(), HasSubstr("expected config.json in it"));
}

TEST_F(HfModelTest, ContextsEndWithTheSlidingWindow) {
  Use("mistral");
  EXPECT_EQ(Hyper().context_length, 48);
  EXPECT_TRUE(Load(48).ok());
  EXPECT_THAT(Load(49).status().message(), HasSubstr("sliding window of 48 tokens"));
  const auto model = Load();
  ASSERT_TRUE(model.ok());
  auto kv = *(*model)->CreateSequence();
  const std::vector<int32_t> tokens(49, 5);
  std::span<const float> logits;
  const ForwardItem item{kv.get(), tokens, 48};
  const Status status = (*model)->Forward({&item, 1}, &logits);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("sliding window of 48 tokens"));
  Json config = Read("config.json");
  config["sliding_window"] = nullptr;
  Write("config.json", config);
  EXPECT_EQ(Hyper().context_length, 128);
  config["sliding_window"] = 48;
  config["use_sliding_window"] = false;
  Write("config.json", config);
  EXPECT_EQ(Hyper().context_length, 128);
  config.erase("use_sliding_window");
  config["layer_types"] = {"full_attention", "full_attention"};
  Write("config.json", config);
  EXPECT_EQ(Hyper().context_length, 128);
}

TEST_F(HfModelTest, ReadsOneFileOrTheFilesOfAnIndex) {
  Use("qwen3");
  const auto file = ModelFile::Open(folder_.path());
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto inspection = (*file)->Inspect();
  ASSERT_TRUE(inspection.ok());
  const std::string text = InspectionText(*inspection);
  EXPECT_THAT(text, HasSubstr("safetensors in 4 files"));
  EXPECT_THAT(text, HasSubstr("model_type"));
  EXPECT_THAT(text, HasSubstr("rope_parameters/rope_theta"));
  EXPECT_THAT(text, HasSubstr("model.layers.0.self_attn.q_proj.weight"));
  EXPECT_THAT(text, HasSubstr("[64, 32]"));
  const std::string name = "model.safetensors.index.json";
  const auto damaged = StatusCode::kDataLoss;
  const auto move_tensor = [](const char* to) { return [to](Json& j) { j["weight_map"]["model.norm.weight"] = to; }; };
  ExpectRefused(name, move_tensor("model-00001-of-00004.safetensors"), damaged, "'model.norm.weight' is missing");
  ExpectRefused(name, move_tensor("../elsewhere.safetensors"), damaged,
                "expected the name of a file in the same folder");
  ExpectRefused(name, move_tensor("none.safetensors"), StatusCode::kNotFound, "none.safetensors: cannot be opened");
  ExpectRefused(
      name, [](Json& j) { j.erase("weight_map"); }, damaged, "weight_map: expected an object");
  std::filesystem::copy_file(path("model-00002-of-00004.safetensors"), path("copy.safetensors"));
  ExpectRefused(name, move_tensor("copy.safetensors"), damaged, "is in another of the model's files too");
  std::filesystem::remove(path(name));
  EXPECT_THAT(Load().status().message(), HasSubstr("model.safetensors or model.safetensors.index.json"));
}

TEST_F(HfModelTest, TakesTheNameOfTheFileToo) {
  Use("smollm");
  ModelConfig config;
  config.source = path("model.safetensors");
  config.device = "ref";
  const auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
}

TEST_F(HfModelTest, TruncatedWeightsAreRefused) {
  Use("smollm");
  const std::string whole = folder_.Read("model.safetensors");
  for (size_t size = 1; size < whole.size(); size += size < 2000 ? 61 : 997) {
    folder_.Write("model.safetensors", whole.substr(0, size));
    EXPECT_EQ(Load().status().code(), StatusCode::kDataLoss) << size;
    EXPECT_THAT(Load().status().message(), HasSubstr("model.safetensors"));
  }
}

TEST_F(HfModelTest, ACopyOfTheEmbeddingAsOutputIsPassedOver) {
  Use("llama3");
  Json config = Read("config.json");
  config["tie_word_embeddings"] = true;
  Write("config.json", config);
  EXPECT_TRUE(Hyper().tied_embeddings);
  config.erase("tie_word_embeddings");
  Write("config.json", config);
  EXPECT_FALSE(Hyper().tied_embeddings);
}

TEST_F(HfModelTest, FindsTheChatTemplate) {
  Use("smollm");
  const std::string chatml = "<|im_start|>{{ role }}<|im_end|>";
  const auto family = [&] { return (*Load())->chat_template().family(); };
  EXPECT_EQ(family(), ChatTemplate::Family::kNone);
  Json config = Read("tokenizer_config.json");
  config["chat_template"] = chatml;
  Write("tokenizer_config.json", config);
  EXPECT_EQ(family(), ChatTemplate::Family::kChatMl);
  config["chat_template"] =
      Json::array({{{"name", "tool_use"}, {"template", "x"}}, {{"name", "default"}, {"template", chatml}}});
  Write("tokenizer_config.json", config);
  EXPECT_EQ(family(), ChatTemplate::Family::kChatMl);
  folder_.Write("chat_template.jinja", "<|start_header_id|><|eot_id|>");
  EXPECT_EQ(family(), ChatTemplate::Family::kLlama3);
}

}  // namespace
}  // namespace retort

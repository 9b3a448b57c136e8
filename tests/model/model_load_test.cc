#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/model/model.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using testing::GgufBuilder;
using ::testing::HasSubstr;
using testing::MakeTinyModel;
using testing::TempPath;

Result<std::shared_ptr<Model>> Load(const GgufBuilder& file, ModelConfig config = {}) {
  const std::string path = TempPath("model_load_test.gguf");
  RETORT_RETURN_IF_ERROR(file.Write(path));
  config.source = path;
  config.name = "tiny";
  if (config.device == "cpu") config.device = "ref";
  return Model::Load(config);
}

void ExpectRefused(const GgufBuilder& file, StatusCode code, const std::string& part, const ModelConfig& config = {}) {
  const auto model = Load(file, config);
  ASSERT_FALSE(model.ok()) << "expected a message with: " << part;
  EXPECT_EQ(model.status().code(), code) << model.status().ToString();
  EXPECT_THAT(model.status().message(), HasSubstr(part));
  EXPECT_THAT(model.status().message(), HasSubstr("model 'tiny'"));
}

TEST(ModelLoad, ReadsSizesFromMetadata) {
  const auto model =
      Load(MakeTinyModel({.architecture = "qwen2", .layers = 3, .hidden = 96, .heads = 6, .kv_heads = 3}));
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  const ModelHyper& h = (*model)->hyper();
  EXPECT_EQ(h.architecture, "qwen2");
  EXPECT_EQ(h.layers, 3);
  EXPECT_EQ(h.hidden, 96);
  EXPECT_EQ(h.heads, 6);
  EXPECT_EQ(h.kv_heads, 3);
  EXPECT_EQ(h.head_dim, 16);
  EXPECT_EQ(h.rope_dim, 16);
  EXPECT_EQ(h.context_length, 256);
  EXPECT_TRUE(h.rope_neox);
  EXPECT_TRUE(h.attention_bias);
  EXPECT_TRUE(h.tied_embeddings);
  EXPECT_EQ(h.vocab, (*model)->tokenizer().vocab_size());
  EXPECT_EQ((*model)->kv_bytes_per_token(), 3u * 2 * 3 * 16 * sizeof(float));
  EXPECT_GT((*model)->weight_bytes(), 3u * 96 * 96 * 4);
}

TEST(ModelLoad, RefusesWhatItCannotRun) {
  ExpectRefused(MakeTinyModel().Set("general.architecture", std::string("mamba")), StatusCode::kUnsupported,
                "architecture 'mamba'");
  ExpectRefused(MakeTinyModel().Erase("general.architecture"), StatusCode::kNotFound, "general.architecture");
  ExpectRefused(MakeTinyModel().Erase("llama.block_count"), StatusCode::kNotFound, "llama.block_count");
  ExpectRefused(MakeTinyModel().Set("llama.block_count", uint32_t{0}), StatusCode::kInvalidArgument,
                "expected 1 to 4096, got 0");
  ExpectRefused(MakeTinyModel().Set("llama.attention.head_count_kv", uint32_t{3}), StatusCode::kInvalidArgument,
                "sizes make no model");
  ExpectRefused(MakeTinyModel().Set("llama.rope.dimension_count", uint32_t{18}), StatusCode::kInvalidArgument,
                "sizes make no model");
  ExpectRefused(MakeTinyModel().Set("llama.rope.scaling.type", std::string("longrope")), StatusCode::kUnsupported,
                "rope scaling 'longrope'");
  ExpectRefused(MakeTinyModel().Set("llama.rope.scaling.type", std::string("yarn")), StatusCode::kNotFound,
                "llama.rope.scaling.original_context_length");
  ExpectRefused(MakeTinyModel()
                    .Set("llama.rope.scaling.type", std::string("yarn"))
                    .Set("llama.rope.scaling.factor", 4.0f)
                    .Set("llama.rope.scaling.original_context_length", uint32_t{64})
                    .Set("llama.rope.dimension_count", uint32_t{8}),
                StatusCode::kUnsupported, "heads that are rotated in part (8 of 16)");
  ExpectRefused(MakeTinyModel().Set("llama.rope.scale_linear", -2.0f), StatusCode::kInvalidArgument,
                "expected a positive number");
  ExpectRefused(MakeTinyModel().Set("llama.expert_count", uint32_t{8}), StatusCode::kUnsupported,
                "mixtures of experts");
  ExpectRefused(MakeTinyModel().Set("llama.attention.value_length", uint32_t{8}), StatusCode::kUnsupported,
                "different sizes");
  ExpectRefused(MakeTinyModel().Set("llama.rope.freq_base", 0.0f), StatusCode::kInvalidArgument,
                "expected a positive number");
  ExpectRefused(MakeTinyModel().EraseTensor("token_embd.weight"), StatusCode::kNotFound, "token_embd.weight");
}

TEST(ModelLoad, ReadsRopeScaling) {
  auto model = Load(MakeTinyModel().Set("llama.rope.scale_linear", 2.0f));
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ((*model)->hyper().rope_scaling.kind, RopeScaling::Kind::kLinear);
  EXPECT_EQ((*model)->hyper().context_length, 512);
  model = Load(MakeTinyModel()
                   .Set("llama.rope.scaling.type", std::string("yarn"))
                   .Set("llama.rope.scaling.factor", 4.0f)
                   .Set("llama.rope.scaling.attn_factor", 0.5f)
                   .Set("llama.rope.scaling.original_context_length", uint32_t{64}));
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ((*model)->hyper().context_length, 256);
  EXPECT_NEAR((*model)->hyper().rope_scaling.attention_factor, 1.1386294 / 2, 1e-6);
}

TEST(ModelLoad, ChecksEveryTensorAgainstTheMetadata) {
  ExpectRefused(MakeTinyModel().EraseTensor("blk.1.ffn_up.weight"), StatusCode::kNotFound,
                "tensor 'blk.1.ffn_up.weight' is missing");
  ExpectRefused(MakeTinyModel().Tensor("blk.0.attn_k.weight", DType::kF32, {64, 64}, std::vector<float>(4096)),
                StatusCode::kInvalidArgument,
                "tensor 'blk.0.attn_k.weight': expected shape [64, 32] from the metadata, got [64, 64]");
  ExpectRefused(MakeTinyModel().Tensor("output_norm.weight", DType::kF32, {32}, std::vector<float>(32)),
                StatusCode::kInvalidArgument, "tensor 'output_norm.weight'");
  ExpectRefused(MakeTinyModel().RawTensor("blk.0.ffn_down.weight", 10, {96, 64}, std::string(4000, '\0')),
                StatusCode::kUnsupported, "tensor 'blk.0.ffn_down.weight' has type q2_k");
  ExpectRefused(MakeTinyModel().Set("llama.block_count", uint32_t{3}), StatusCode::kNotFound, "blk.2.");
  ExpectRefused(MakeTinyModel().Set("llama.block_count", uint32_t{1}), StatusCode::kUnsupported,
                "has no place in a model");
  ExpectRefused(MakeTinyModel().Tensor("blk.0.attn_output.bias", DType::kF32, {64}, std::vector<float>(64)),
                StatusCode::kUnsupported, "tensor 'blk.0.attn_output.bias' has no place in a model");
  ExpectRefused(MakeTinyModel({.architecture = "qwen3"}).EraseTensor("blk.1.attn_k_norm.weight"), StatusCode::kNotFound,
                "tensor 'blk.1.attn_k_norm.weight' is missing");
  ExpectRefused(MakeTinyModel({.architecture = "qwen2"}).EraseTensor("blk.1.attn_v.bias"), StatusCode::kNotFound,
                "tensor 'blk.1.attn_v.bias' is missing");
  ExpectRefused(MakeTinyModel().Tensor("rope_freqs.weight", DType::kF32, {8}, std::vector<float>(8, 0.0f)),
                StatusCode::kInvalidArgument, "expected positive factors");
}

TEST(ModelLoad, RefusesWrongOptions) {
  const auto with = [](auto change) {
    ModelConfig config;
    change(config);
    return config;
  };
  ExpectRefused(MakeTinyModel(), StatusCode::kInvalidArgument, "weights: expected one of native",
                with([](auto& c) { c.weights = "q3"; }));
  ExpectRefused(MakeTinyModel(), StatusCode::kInvalidArgument, "weights: expected one of native",
                with([](auto& c) { c.weights = "i32"; }));
  ExpectRefused(MakeTinyModel(), StatusCode::kInvalidArgument, "step_tokens", with([](auto& c) { c.step_tokens = 0; }));
  ExpectRefused(MakeTinyModel(), StatusCode::kInvalidArgument, "context_length",
                with([](auto& c) { c.context_length = 257; }));
  ExpectRefused(MakeTinyModel(), StatusCode::kInvalidArgument, "context_length",
                with([](auto& c) { c.context_length = -1; }));
  ExpectRefused(MakeTinyModel(), StatusCode::kNotFound, "abacus", with([](auto& c) { c.device = "abacus"; }));
}

TEST(ModelLoad, RefusesMoreTokensThanTheEmbeddingHolds) {
  GgufBuilder file = MakeTinyModel();
  file.Tensor("token_embd.weight", DType::kF32, {64, 100}, std::vector<float>(6400));
  ExpectRefused(file, StatusCode::kInvalidArgument, "the embedding only 100 rows");
}

TEST(ModelLoad, TruncatedModelsAreRefusedAtEveryPlace) {
  const std::string whole = MakeTinyModel({.layers = 1, .hidden = 32, .ffn = 32}).Build();
  const std::string path = TempPath("model_load_truncated.gguf");
  for (size_t size = 0; size < whole.size(); size += size < 2000 ? 61 : 997) {
    std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    ModelConfig config;
    config.source = path;
    config.device = "ref";
    const auto model = Model::Load(config);
    ASSERT_FALSE(model.ok()) << size;
    EXPECT_THAT(model.status().message(), HasSubstr(path));
  }
}

TEST(ModelLoad, ConvertsWeights) {
  const GgufBuilder file = MakeTinyModel({.type = DType::kF16, .tied = false});
  size_t native = 0;
  for (const std::string weights : {"native", "f16", "f32", "q8_0", "q4_0", "q4_1"}) {
    ModelConfig config;
    config.weights = weights;
    const auto model = Load(file, config);
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    const size_t bytes = (*model)->weight_bytes();
    if (weights == "native") native = bytes;
    EXPECT_EQ(bytes == native, weights == "native" || weights == "f16") << weights;
    EXPECT_EQ(bytes > native * 3 / 2, weights == "f32") << weights;
    EXPECT_EQ(bytes < native, weights[0] == 'q') << weights;
    auto kv = *(*model)->CreateSequence();
    const std::vector<int32_t> tokens = {5, 6, 7};
    std::span<const float> logits;
    const ForwardItem item{kv.get(), tokens, 2};
    ASSERT_TRUE((*model)->Forward({&item, 1}, &logits).ok());
    EXPECT_EQ(logits.size(), static_cast<size_t>((*model)->hyper().vocab));
  }
}

TEST(ModelLoad, SequencesOutliveTheModel) {
  auto model = Load(MakeTinyModel());
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  auto kv = *(*model)->CreateSequence();
  const std::vector<int32_t> tokens(40, 5);
  std::span<const float> logits;
  const ForwardItem item{kv.get(), tokens, 39};
  ASSERT_TRUE((*model)->Forward({&item, 1}, &logits).ok());
  model = Internal("gone");
  auto fork = kv->Fork();
  ASSERT_TRUE(fork->Reserve(1).ok());  // copies a page on the device
  EXPECT_EQ(kv->length(), 40u);
}

class ResolveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = TempPath("resolve_cache");
    std::filesystem::create_directories(folder_ + "/models");
    std::ofstream(folder_ + "/models/known.gguf") << "x";
    setenv("RETORT_CACHE", folder_.c_str(), 1);
  }
  void TearDown() override { unsetenv("RETORT_CACHE"); }
  std::string folder_;
};

TEST_F(ResolveTest, FindsPathsAndCachedNames) {
  EXPECT_EQ(*ResolveModelSource("known"), folder_ + "/models/known.gguf");
  EXPECT_EQ(*ResolveModelSource(folder_ + "/models/known.gguf"), folder_ + "/models/known.gguf");
  unsetenv("RETORT_CACHE");
  std::filesystem::create_directories(folder_ + "/retort/models");
  std::ofstream(folder_ + "/retort/models/other.gguf") << "x";
  const char* const before = std::getenv("XDG_CACHE_HOME");
  const std::string saved = before == nullptr ? "" : before;
  setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  EXPECT_EQ(*ResolveModelSource("other"), folder_ + "/retort/models/other.gguf");
  if (before == nullptr) {
    unsetenv("XDG_CACHE_HOME");
  } else {
    setenv("XDG_CACHE_HOME", saved.c_str(), 1);
  }
}

TEST_F(ResolveTest, SaysHowToFetchWhatIsMissing) {
  const Status missing = ResolveModelSource("unknown").status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("tools/get-model unknown"));
  EXPECT_THAT(missing.message(), HasSubstr(folder_));
  EXPECT_EQ(ResolveModelSource("some/where.gguf").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ResolveModelSource("").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace retort

// Files written by QuantiseModel: what they hold, that they answer as matrices converted at load do, and what is left
// where writing fails.
#include "core/model/quantise_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "core/model/model.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/weight_types.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using testing::GgufBuilder;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::TinyModel;

/// Sizes that all types' blocks divide.
TinyModel Wide(DType type = DType::kF32, bool tied = false) {
  TinyModel tiny;
  tiny.hidden = 256;
  tiny.ffn = 512;
  tiny.type = type;
  tiny.tied = tied;
  return tiny;
}

std::string Written(const TemporaryFolder& folder, const GgufBuilder& builder) {
  const std::string path = folder.path() + "/source.gguf";
  EXPECT_TRUE(builder.Write(path).ok());
  return path;
}

Result<QuantiseReport> Quantise(const std::string& source, const std::string& path, const QuantiseOptions& options) {
  RETORT_ASSIGN_OR_RETURN(const auto file, GgufFile::Open(source));
  return QuantiseModel(*file, path, options);
}

std::vector<float> Logits(const std::string& source, const std::string& weights, Precision precision) {
  ModelConfig config;
  config.source = source;
  config.weights = weights;
  config.precision = precision;
  const auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  if (!model.ok()) return {};
  const std::vector<int32_t> tokens = {3, 141, 59, 26, 5, 35, 89, 79};
  const auto kv = *(*model)->CreateSequence();
  const ForwardItem item{kv.get(), tokens, 0};
  std::span<const float> logits;
  EXPECT_TRUE((*model)->Forward({&item, 1}, &logits).ok());
  return {logits.begin(), logits.end()};
}

TEST(QuantiseModel, AnswersAsMatricesConvertedAtLoad) {
  const TemporaryFolder folder;
  for (const DType from : {DType::kF32, DType::kQ4_1}) {
    const std::string source = Written(folder, MakeTinyModel(Wide(from)));
    for (const DType type : testing::kWeightTypes) {
      const std::string name(DTypeName(type)), path = folder.path() + "/" + name + ".gguf";
      QuantiseOptions options;
      options.type = type;
      options.replace = true;
      const auto report = Quantise(source, path, options);
      ASSERT_TRUE(report.ok()) << report.status().ToString();
      EXPECT_TRUE(report->kept.empty());
      EXPECT_EQ(report->bytes, std::filesystem::file_size(path));
      for (const Precision precision : {Precision::kExact, Precision::kFast}) {
        EXPECT_EQ(Logits(path, "native", precision), Logits(source, name, precision)) << name;
      }
    }
  }
}

TEST(QuantiseModel, CopiesMetadataAndNamesTheType) {
  const TemporaryFolder folder;
  GgufBuilder builder = MakeTinyModel(Wide());
  builder.Set("general.file_type", uint32_t{1}).Set("general.quantization_version", uint32_t{1});
  builder.Set("some.i32", int32_t{-4}).Set("some.u64", uint64_t{4}).Set("some.f64", 0.1).Set("some.flag", true);
  builder.Set("general.alignment", uint32_t{64});
  const std::string source = Written(folder, builder), path = folder.path() + "/new.gguf";
  const std::pair<DType, int64_t> types[] = {{DType::kF32, 0},   {DType::kF16, 1},   {DType::kQ4_0, 2},
                                             {DType::kQ4_1, 3},  {DType::kQ8_0, 7},  {DType::kQ5_0, 8},
                                             {DType::kQ5_1, 9},  {DType::kQ4_K, 14}, {DType::kQ5_K, 16},
                                             {DType::kQ6_K, 18}, {DType::kBF16, 32}};
  for (const auto& [type, number] : types) {
    QuantiseOptions options;
    options.type = type;
    options.replace = true;
    ASSERT_TRUE(Quantise(source, path, options).ok());
    const auto before = *GgufFile::Open(source), after = *GgufFile::Open(path);
    EXPECT_EQ(after->version(), 3u);
    EXPECT_EQ(after->size() % 64, 0u);
    ASSERT_EQ(after->raw_metadata().size(), before->raw_metadata().size());
    EXPECT_EQ(*after->GetInt("general.file_type"), number);
    EXPECT_EQ(*after->GetInt("general.quantization_version"), DTypeIsQuantised(type) ? 2 : 1);
    for (const auto& entry : before->raw_metadata()) {
      const auto same = std::find_if(after->raw_metadata().begin(), after->raw_metadata().end(),
                                     [&](const auto& other) { return other.key == entry.key; });
      ASSERT_NE(same, after->raw_metadata().end()) << entry.key;
      if (entry.key == "general.file_type" || entry.key == "general.quantization_version") continue;
      EXPECT_TRUE(std::equal(entry.bytes.begin(), entry.bytes.end(), same->bytes.begin(), same->bytes.end()))
          << entry.key;
    }
    for (const GgufTensor& tensor : after->tensors()) {
      EXPECT_EQ(tensor.type, tensor.shape.size() > 1 ? type : DType::kF32) << tensor.name;
    }
  }
}

TEST(QuantiseModel, OutputAndEmbeddingMayHaveTypesOfTheirOwn) {
  const TemporaryFolder folder;
  const std::string source = Written(folder, MakeTinyModel(Wide())), path = folder.path() + "/new.gguf";
  QuantiseOptions options;
  options.type = DType::kQ4_K;
  options.output_type = DType::kQ6_K;
  options.embedding_type = DType::kF16;
  ASSERT_TRUE(Quantise(source, path, options).ok());
  const auto file = *GgufFile::Open(path);
  EXPECT_EQ(file->FindTensor("output.weight")->type, DType::kQ6_K);
  EXPECT_EQ(file->FindTensor("token_embd.weight")->type, DType::kF16);
  EXPECT_EQ(file->FindTensor("blk.0.ffn_up.weight")->type, DType::kQ4_K);

  const std::string tied = Written(folder, MakeTinyModel(Wide(DType::kF32, true)));
  options.replace = true;
  const auto refused = Quantise(tied, path, options);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("give the embedding's type instead"));
}

TEST(QuantiseModel, RowsThatDoNotDivideKeepTheirType) {
  const TemporaryFolder folder;
  TinyModel tiny;
  tiny.ffn = 256;  // rows of 64 but for `down`
  const std::string source = Written(folder, MakeTinyModel(tiny)), path = folder.path() + "/new.gguf";
  QuantiseOptions options;
  options.type = DType::kQ4_K;
  const auto report = Quantise(source, path, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->converted, 2u);
  EXPECT_EQ(report->kept.size(), 13u);
  EXPECT_EQ(Logits(path, "native", Precision::kFast), Logits(source, "q4_k", Precision::kFast));
}

TEST(QuantiseModel, VectorsBecomeFloats) {
  const TemporaryFolder folder;
  GgufBuilder builder = MakeTinyModel(Wide());
  builder.Tensor("output_norm.weight", DType::kF16, {256}, std::vector<float>(256, 1.5f));
  const std::string source = Written(folder, builder), path = folder.path() + "/new.gguf";
  ASSERT_TRUE(Quantise(source, path, {}).ok());
  const auto file = *GgufFile::Open(path);
  const GgufTensor* const norm = file->FindTensor("output_norm.weight");
  ASSERT_EQ(norm->type, DType::kF32);
  EXPECT_EQ(*reinterpret_cast<const float*>(norm->data), 1.5f);
}

TEST(QuantiseModel, ThreadsDoNotChangeTheFile) {
  const TemporaryFolder folder;
  const std::string source = Written(folder, MakeTinyModel(Wide()));
  QuantiseOptions options;
  options.type = DType::kQ5_K;
  for (const int threads : {1, 2, 7}) {
    options.threads = threads;
    ASSERT_TRUE(Quantise(source, folder.path() + "/" + std::to_string(threads), options).ok());
  }
  EXPECT_EQ(folder.Read("1"), folder.Read("2"));
  EXPECT_EQ(folder.Read("1"), folder.Read("7"));
}

std::vector<std::string> Names(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

TEST(QuantiseModel, FailuresLeaveNothing) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/new.gguf";
  const float nan = std::numeric_limits<float>::quiet_NaN();
  GgufBuilder broken = MakeTinyModel(Wide());
  std::vector<float> values(256 * 256, 1);
  values[256 * 7 + 3] = nan;
  broken.Tensor("blk.1.attn_output.weight", DType::kF32, {256, 256}, values);
  const auto damaged = Quantise(Written(folder, broken), path, {});
  EXPECT_EQ(damaged.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(damaged.status().message(), HasSubstr("tensor 'blk.1.attn_output.weight', row 7: expected finite"));

  GgufBuilder unknown = MakeTinyModel(Wide());
  unknown.RawTensor("blk.1.attn_output.weight", 11, {256, 256}, std::string(256 * 110, '\0'));
  const auto unread = Quantise(Written(folder, unknown), path, {});
  EXPECT_EQ(unread.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(unread.status().message(), HasSubstr("has type q3_k"));

  const std::string source = Written(folder, MakeTinyModel(Wide()));
  QuantiseOptions stopped;
  size_t calls = 0;
  stopped.progress = [&](size_t done, size_t whole) { return done < whole && ++calls < 4; };
  EXPECT_EQ(Quantise(source, path, stopped).status().code(), StatusCode::kCancelled);
  EXPECT_THAT(Names(folder), ElementsAre("source.gguf"));
}

TEST(QuantiseModel, ReplacesOnlyWhenAsked) {
  const TemporaryFolder folder;
  const std::string source = Written(folder, MakeTinyModel(Wide())), path = folder.Write("old", "old text");
  QuantiseOptions options;
  const auto refused = Quantise(source, path, options);
  EXPECT_EQ(refused.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(refused.status().message(), HasSubstr("replace it with --force"));
  EXPECT_EQ(folder.Read("old"), "old text");
  options.replace = true;
  EXPECT_TRUE(Quantise(source, path, options).ok());
  EXPECT_TRUE(Quantise(path, path, options).ok());  // onto itself
  EXPECT_TRUE(GgufFile::Open(path).ok());

  EXPECT_THAT(Quantise(source, folder.path(), options).status().message(), HasSubstr("got a folder"));
  EXPECT_THAT(Quantise(source, "/dev/full", options).status().message(), HasSubstr("something that is no file"));
  const auto lost = Quantise(source, folder.path() + "/none/new.gguf", options);
  EXPECT_EQ(lost.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(lost.status().message(), HasSubstr("No such file or directory; choose a folder that exists"));
}

}  // namespace
}  // namespace retort

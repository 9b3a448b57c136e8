// tokenizer.json: what is read, and what is refused because it would give other tokens.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/hf_model.h"
#include "tests/model/golden_file.h"
#include "tests/support/mutator.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json Golden(const std::string& name) { return ReadGoldenJson("architectures/" + name + "/tokenizer.json"); }

Result<TokenizerData> Read(const Json& tokenizer, const Json& names = Json::object(),
                           const Json& config = Json::object()) {
  const testing::TemporaryFolder folder;
  folder.Write("tokenizer.json", tokenizer.dump());
  folder.Write("tokenizer_config.json", names.dump());
  return ReadHfTokenizer(folder.path(), config);
}

template <typename Change>
void ExpectRefused(Change change, StatusCode code, const std::string& part) {
  Json json = Golden("llama3");
  change(json);
  const auto data = Read(json);
  EXPECT_EQ(data.status().code(), code) << part << ": " << data.status().ToString();
  EXPECT_THAT(data.status().message(), HasSubstr(part));
  EXPECT_THAT(data.status().message(), HasSubstr("tokenizer.json"));
}

TEST(HfTokenizer, RecognisesHowWordsAreCut) {
  EXPECT_EQ(Read(Golden("smollm"))->pre, "smollm");
  EXPECT_EQ(Read(Golden("llama3"))->pre, "llama-bpe");
  EXPECT_EQ(Read(Golden("llama-linear"))->pre, "gpt2");
  EXPECT_EQ(Read(Golden("qwen2"))->pre, "qwen2");
  Json json = Golden("qwen2");
  json["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed";
  json["pre_tokenizer"]["pretokenizers"][0]["invert"] = true;
  EXPECT_EQ(Read(json)->pre, "qwen2");
}

TEST(HfTokenizer, ReadsTokensMergesAndEnds) {
  const auto data = Read(Golden("llama3"));
  ASSERT_TRUE(data.ok()) << data.status().ToString();
  EXPECT_EQ(data->tokens.size(), 89u);
  EXPECT_EQ(data->tokens[0], "<|begin|>");
  EXPECT_EQ(data->token_types[0], 3);
  EXPECT_EQ(data->tokens[88], "sing");
  EXPECT_EQ(data->token_types[88], 4);
  EXPECT_EQ(data->token_types[5], 1);
  EXPECT_EQ(data->ignore_merges, true);
  EXPECT_EQ(data->add_bos, true);
  EXPECT_EQ(data->bos, 0);
  EXPECT_EQ(Read(Golden("qwen2"))->add_bos, false);
  EXPECT_EQ(Read(Golden("qwen2"))->ignore_merges, false);
}

TEST(HfTokenizer, ReadsOlderMergesAndFillsGaps) {
  Json json = Golden("qwen2");
  for (Json& merge : json["model"]["merges"]) merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  EXPECT_EQ(Read(json)->merges, Read(Golden("qwen2"))->merges);
  json["added_tokens"].push_back({{"id", 95}, {"content", "<|far|>"}, {"special", true}});
  const auto data = Read(json);
  ASSERT_TRUE(data.ok()) << data.status().ToString();
  ASSERT_EQ(data->tokens.size(), 96u);
  EXPECT_EQ(data->token_types[90], 5);
  EXPECT_TRUE(Tokenizer::Create(*data).ok()) << Tokenizer::Create(*data).status().ToString();
}

TEST(HfTokenizer, TakesEndTokensFromAllFiles) {
  const Json names = Json::object({{"eos_token", {{"content", "<|end|>"}}}, {"bos_token", "<|begin|>"}});
  const auto data = Read(Golden("qwen2"), names, Json::parse(R"({"eos_token_id": [3, 4]})"));
  ASSERT_TRUE(data.ok()) << data.status().ToString();
  EXPECT_EQ(data->tokens[static_cast<size_t>(data->eos)], "<|end|>");
  EXPECT_EQ(data->bos, 0);
  EXPECT_THAT(data->end_tokens, ElementsAre(3, 4));
  EXPECT_EQ(Read(Golden("qwen2"), Json::object(), Json::parse(R"({"eos_token_id": 7})"))->eos, 7);
  EXPECT_EQ(Read(Golden("qwen2"), Json::object(), Json::parse(R"({"eos_token_id": 70000})"))->eos, -1);
  EXPECT_EQ(Read(Golden("qwen2"))->eos, -1);
}

TEST(HfTokenizer, RefusesWhatWouldGiveOtherTokens) {
  const auto kUnsupported = StatusCode::kUnsupported;
  ExpectRefused([](Json& j) { j["model"]["type"] = "Unigram"; }, kUnsupported, "model.type: expected BPE");
  ExpectRefused([](Json& j) { j.erase("model"); }, kUnsupported, "model.type: expected BPE");
  ExpectRefused([](Json& j) { j["model"]["byte_fallback"] = true; }, kUnsupported, "model.byte_fallback is set");
  ExpectRefused([](Json& j) { j["normalizer"] = {{"type", "Lowercase"}}; }, kUnsupported, "normalizer: expected none");
  ExpectRefused(
      [](Json& j) {
        j["pre_tokenizer"] = {{"type", "Metaspace"}};
      },
      kUnsupported,
      "pre_tokenizer: this build knows those of smollm, llama3, gpt2 and qwen2, got {\"type\":\"Metaspace\"}");
  ExpectRefused([](Json& j) { j["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "x"; }, kUnsupported,
                "pre_tokenizer");
  ExpectRefused([](Json& j) { j["added_tokens"][0]["lstrip"] = true; }, kUnsupported, "lstrip is not supported");
  ExpectRefused([](Json& j) { j["post_processor"] = {{"type", "BertProcessing"}}; }, kUnsupported, "post_processor");
  ExpectRefused(
      [](Json& j) {
        Json& single = j["post_processor"]["processors"][1]["single"];
        single.push_back(single[0]);
      },
      kUnsupported, "puts tokens after the text");
}

TEST(HfTokenizer, RefusesDamagedFiles) {
  const auto kDataLoss = StatusCode::kDataLoss;
  ExpectRefused([](Json& j) { j["model"]["vocab"] = 1; }, kDataLoss, "model.vocab: expected an object");
  ExpectRefused([](Json& j) { j["model"]["vocab"]["far"] = 4000000000u; }, kDataLoss,
                "token 'far': expected an id below");
  ExpectRefused([](Json& j) { j["model"]["vocab"]["bad"] = -1; }, kDataLoss, "token 'bad': expected an id below");
  ExpectRefused([](Json& j) { j["model"]["vocab"]["twice"] = 5; }, kDataLoss, "id 5 stands for");
  ExpectRefused([](Json& j) { j["added_tokens"][0]["content"] = "other"; }, kDataLoss, "id 0 stands for");
  ExpectRefused([](Json& j) { j["added_tokens"] = 3; }, kDataLoss, "added_tokens: expected a list");
  ExpectRefused([](Json& j) { j["model"]["merges"][2] = 5; }, kDataLoss, "entry 2: expected two tokens");
  ExpectRefused([](Json& j) { j["model"].erase("merges"); }, kDataLoss, "model.merges: expected a list");
}

TEST(HfTokenizer, TruncatedFilesAreRefusedAtEveryByte) {
  const std::string whole = Golden("qwen2").dump();
  const testing::TemporaryFolder folder;
  for (size_t size = 1; size < whole.size(); ++size) {
    folder.Write("tokenizer.json", whole.substr(0, size));
    EXPECT_EQ(ReadHfTokenizer(folder.path(), Json::object()).status().code(), StatusCode::kDataLoss) << size;
  }
}

TEST(HfTokenizer, DamagedFilesAreReadSafelyOrRefused) {
  const std::string whole = Golden("llama3").dump();
  const testing::TemporaryFolder folder;
  int refused = 0, accepted = 0;
  for (uint64_t variant = 0; variant < 1000; ++variant) {
    std::string bytes = whole;
    testing::Mutator(variant).Mutate(bytes);
    if (bytes.empty()) continue;
    folder.Write("tokenizer.json", bytes);
    const auto data = ReadHfTokenizer(folder.path(), Json::object());
    const auto tokenizer = data.ok() ? Tokenizer::Create(*data) : Result<std::unique_ptr<Tokenizer>>(data.status());
    ++(tokenizer.ok() ? accepted : refused);
    EXPECT_TRUE(tokenizer.ok() ? (*tokenizer)->Encode("the fox", {}).ok() : !tokenizer.status().message().empty());
  }
  EXPECT_GT(refused, 300);
  EXPECT_GT(accepted, 10);
}

}  // namespace
}  // namespace retort

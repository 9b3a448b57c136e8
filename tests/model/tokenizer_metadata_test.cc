// Tokenizers made from small vocabularies: what the metadata may say, and what is refused.
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/gguf.h"
#include "core/model/tokenizer.h"
#include "tests/support/gguf_builder.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using testing::GgufBuilder;
using ::testing::HasSubstr;
using Ids = std::vector<int32_t>;

// Ids: 0 a, 1 b, 2 c, 3 space, 4 ab, 5 abc, 6 <s>, 7 <s>>, 8 <tool>
TokenizerData Small() {
  return {.model = "gpt2",
          .pre = "gpt2",
          .tokens = {"a", "b", "c", "\u0120", "ab", "abc", "<s>", "<s>>", "<tool>"},
          .token_types = {1, 1, 1, 1, 1, 1, 3, 3, 4},
          .merges = {"a b"},
          .bos = 6,
          .eos = 7,
          .end_tokens = {},
          .add_bos = {},
          .ignore_merges = {}};
}

Ids Encode(const TokenizerData& data, std::string_view text, Tokenizer::EncodeOptions options = {}) {
  auto tokenizer = Tokenizer::Create(data);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  return tokenizer.ok() ? *(*tokenizer)->Encode(text, options) : Ids();
}

TEST(TokenizerMetadata, TakesTheLongestSpecialTokenAtEachPlace) {
  EXPECT_THAT(Encode(Small(), "a<s>><s>b<s", {.parse_special = true}), ElementsAre(0, 7, 6, 1));
}

TEST(TokenizerMetadata, ReadsUserDefinedTokensAlways) {
  EXPECT_THAT(Encode(Small(), "a<tool>b<s>"), ElementsAre(0, 8, 1));
  const auto tokenizer = *Tokenizer::Create(Small());
  EXPECT_FALSE(tokenizer->IsSpecial(8));
  const Ids ids = {0, 6, 8};
  EXPECT_EQ(tokenizer->Decode(ids.data(), ids.size()), "a<tool>");
}

TEST(TokenizerMetadata, AddsBosAsTheMetadataOrTheFamilySays) {
  TokenizerData data = Small();
  EXPECT_THAT(Encode(data, "a", {.add_special = true}), ElementsAre(0));
  data.pre = "llama-bpe";
  EXPECT_THAT(Encode(data, "a", {.add_special = true}), ElementsAre(6, 0));
  EXPECT_THAT(Encode(data, "a"), ElementsAre(0));
  data.add_bos = false;
  EXPECT_THAT(Encode(data, "a", {.add_special = true}), ElementsAre(0));
  data.pre = "gpt2", data.add_bos = true;
  EXPECT_THAT(Encode(data, "", {.add_special = true}), ElementsAre(6));
}

TEST(TokenizerMetadata, Llama3TakesWordsOfTheVocabularyWithoutMerging) {
  TokenizerData data = Small();
  EXPECT_THAT(Encode(data, "abc"), ElementsAre(4, 2));  // no merge leads to abc
  data.pre = "llama-bpe";
  EXPECT_THAT(Encode(data, "abc"), ElementsAre(5));
}

TEST(TokenizerMetadata, CountsEndTokens) {
  TokenizerData data = Small();
  data.tokens[7] = "<|eot_id|>";
  data.eos = 6;
  data.end_tokens = {2};
  const auto tokenizer = *Tokenizer::Create(data);
  for (int32_t id = 0; id < 9; ++id) EXPECT_EQ(tokenizer->IsEndToken(id), id == 2 || id == 6 || id == 7) << id;
}

TEST(TokenizerMetadata, TakesAVocabularyWithoutTypesOrMerges) {
  TokenizerData data = Small();
  data.token_types.clear();
  data.merges.clear();
  EXPECT_THAT(Encode(data, "ab c"), ElementsAre(0, 1, 3, 2));
}

TEST(TokenizerMetadata, RefusesHostileMetadata) {
  struct Case {
    std::function<void(TokenizerData&)> spoil;
    StatusCode code;
    const char* message;
  };
  const Case cases[] = {
      {[](auto& d) { d.model = "llama"; }, StatusCode::kUnsupported,
       "'llama' is no tokenizer of this build; known: gpt2"},
      {[](auto& d) { d.pre = "tekken"; }, StatusCode::kUnsupported, "known: smollm, llama-bpe, gpt2, gpt-2, qwen2"},
      {[](auto& d) { d.tokens.clear(); }, StatusCode::kDataLoss, "tokenizer.ggml.tokens: expected 1 to"},
      {[](auto& d) { d.token_types.pop_back(); }, StatusCode::kDataLoss, "one type for each of the 9 tokens, got 8"},
      {[](auto& d) { d.token_types.push_back(1); }, StatusCode::kDataLoss, "one type for each of the 9 tokens, got 10"},
      {[](auto& d) { d.token_types[3] = 7; }, StatusCode::kDataLoss, "token 3 has type 7"},
      {[](auto& d) { d.token_types[3] = -1; }, StatusCode::kDataLoss, "token 3 has type -1"},
      {[](auto& d) { d.tokens[5] = "a"; }, StatusCode::kDataLoss, "tokens 0 and 5 have the same text"},
      {[](auto& d) { d.tokens[7] = "<s>"; }, StatusCode::kDataLoss, "tokens 6 and 7 have the same text"},
      {[](auto& d) {
         d.merges = {"a b", "ab"};
       },
       StatusCode::kDataLoss, "entry 1, 'ab': expected two tokens with one space"},
      {[](auto& d) { d.merges = {""}; }, StatusCode::kDataLoss, "entry 0, ''"},
      {[](auto& d) { d.merges = {" b"}; }, StatusCode::kDataLoss, "one space"},
      {[](auto& d) { d.merges = {"a "}; }, StatusCode::kDataLoss, "one space"},
      {[](auto& d) { d.merges = {"a b c"}; }, StatusCode::kDataLoss, "one space"},
      {[](auto& d) { d.merges = {"b c"}; }, StatusCode::kDataLoss, "must be in the vocabulary"},
      {[](auto& d) { d.merges = {"x a"}; }, StatusCode::kDataLoss, "must be in the vocabulary"},
      {[](auto& d) { d.merges = {"a \u4e16"}; }, StatusCode::kDataLoss, "stands for no byte"},
      {[](auto& d) { d.merges = {"a \xff"}; }, StatusCode::kDataLoss, "stands for no byte"},
      {[](auto& d) { d.bos = 9; }, StatusCode::kDataLoss, "tokenizer.ggml.bos_token_id: expected 0 to 8, got 9"},
      {[](auto& d) { d.eos = -2; }, StatusCode::kDataLoss, "expected 0 to 8, got -2"},
      {[](auto& d) { d.end_tokens = {1000}; }, StatusCode::kDataLoss, "expected 0 to 8, got 1000"},
      {[](auto& d) { d.bos = -1, d.add_bos = true; }, StatusCode::kDataLoss, "there is no tokenizer.ggml.bos_token_id"},
  };
  for (const Case& c : cases) {
    TokenizerData data = Small();
    c.spoil(data);
    const auto tokenizer = Tokenizer::Create(data);
    ASSERT_FALSE(tokenizer.ok()) << c.message;
    EXPECT_EQ(tokenizer.status().code(), c.code) << c.message;
    EXPECT_THAT(tokenizer.status().message(), HasSubstr(c.message));
  }
}

TEST(TokenizerMetadata, TakesTokensThatAreNoUtf8OrEmpty) {
  TokenizerData data = Small();
  data.tokens[2] = "\xff\xfe";
  data.tokens[5] = "";
  data.tokens[8] = "";
  EXPECT_THAT(Encode(data, "ab a", {.parse_special = true}), ElementsAre(4, 3, 0));
}

GgufBuilder SmallFile() {
  const TokenizerData data = Small();
  GgufBuilder file;
  file.Set("tokenizer.ggml.model", data.model)
      .Set("tokenizer.ggml.pre", data.pre)
      .Set("tokenizer.ggml.tokens", data.tokens);
  file.Set("tokenizer.ggml.token_type", data.token_types).Set("tokenizer.ggml.merges", data.merges);
  file.Set("tokenizer.ggml.bos_token_id", uint32_t{6}).Set("tokenizer.ggml.eos_token_id", uint32_t{7});
  file.Set("tokenizer.ggml.eot_token_id", uint32_t{1}).Set("tokenizer.ggml.add_bos_token", true);
  return file;
}

Result<std::unique_ptr<Tokenizer>> CreateFrom(const GgufBuilder& builder) {
  const testing::AlignedBytes bytes(builder.Build());
  auto file = GgufFile::FromMemory({bytes.data(), bytes.size()}, "small.gguf");
  if (!file.ok()) return file.status();
  return Tokenizer::Create(**file);
}

TEST(TokenizerMetadata, IsReadFromAFile) {
  const auto tokenizer = CreateFrom(SmallFile());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  EXPECT_THAT(*(*tokenizer)->Encode("ab<s>", {.add_special = true, .parse_special = true}), ElementsAre(6, 4, 6));
  EXPECT_TRUE((*tokenizer)->IsEndToken(1));
  EXPECT_TRUE((*tokenizer)->IsEndToken(7));
}

TEST(TokenizerMetadata, RefusesAFileWithKeysThatAreMissingOrOfAnotherType) {
  const std::pair<const char*, StatusCode> missing[] = {{"tokenizer.ggml.model", StatusCode::kDataLoss},
                                                        {"tokenizer.ggml.pre", StatusCode::kUnsupported},
                                                        {"tokenizer.ggml.tokens", StatusCode::kDataLoss},
                                                        {"tokenizer.ggml.merges", StatusCode::kDataLoss}};
  for (const auto& [key, code] : missing) {
    const auto tokenizer = CreateFrom(SmallFile().Erase(key));
    ASSERT_FALSE(tokenizer.ok()) << key;
    EXPECT_EQ(tokenizer.status().code(), code) << key;
    EXPECT_THAT(tokenizer.status().message(), HasSubstr("small.gguf"));
    EXPECT_THAT(tokenizer.status().message(), HasSubstr(key));
  }
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
                          "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id",
                          "tokenizer.ggml.eos_token_id", "tokenizer.ggml.add_bos_token"}) {
    const auto tokenizer = CreateFrom(SmallFile().Set(key, 1.5f));
    ASSERT_FALSE(tokenizer.ok()) << key;
    EXPECT_EQ(tokenizer.status().code(), StatusCode::kDataLoss) << key;
    EXPECT_THAT(tokenizer.status().message(), HasSubstr(key));
  }
  for (int64_t id : {int64_t{-1}, int64_t{9}, int64_t{1} << 32}) {
    const auto tokenizer = CreateFrom(SmallFile().Set("tokenizer.ggml.bos_token_id", id));
    ASSERT_FALSE(tokenizer.ok()) << id;
    EXPECT_EQ(tokenizer.status().code(), StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace retort

// A stage that decodes, run through the ABI with a scripted model: what a user sees of a sequence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"
#include "tests/plugin/canary_path.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

class DecodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host_.Load(CanaryPath("sdk_stages")).ok());
    host_.AddModel(model_);
  }
  Record* Decode(const std::string& prompt, const std::string& options, uint64_t seed = 0) {
    auto stage = host_.Create("decode", options);
    EXPECT_TRUE(stage.ok()) << stage.status().ToString();
    Record* const record = host_.NewRecord(nlohmann::json{{"id", "r"}, {"prompt", prompt}}.dump());
    record->run_seed = seed;
    EXPECT_TRUE((*stage)->Process({record}).ok());
    failure_ = (*stage)->failed().empty() ? Status() : (*stage)->failed()[0].status;
    return record;
  }
  std::shared_ptr<ScriptedModel> model_ = AlphabetModel();
  MockHost host_;
  Status failure_;
};

TEST_F(DecodeTest, ContinuesThePromptUpToMaxTokens) {
  const Record* const record = Decode("abc", "{model: scripted, max_tokens: 4}");
  EXPECT_EQ(record->json["completion"], "defg");
  EXPECT_EQ(record->json["finish_reason"], "length");
  EXPECT_EQ(record->json["usage"].dump(), R"({"prompt_tokens":3,"completion_tokens":4,"total_tokens":7})");
  EXPECT_EQ(model_->steps(), 4);
  EXPECT_EQ(model_->tokens_run(), 6u) << "the prompt and three of the new tokens";
}

TEST_F(DecodeTest, EndsAtTheEndToken) {
  const Record* const record = Decode("xyz", "{model: scripted, max_tokens: 9}");
  EXPECT_EQ(record->json["completion"], " ");
  EXPECT_EQ(record->json["finish_reason"], "stop");
  EXPECT_EQ(record->json["usage"]["completion_tokens"], 2) << "the end token counts";
}

TEST_F(DecodeTest, EndsAtAStopText) {
  const Record* const record = Decode("a", "{model: scripted, max_tokens: 20, stop: [zz, ef]}");
  EXPECT_EQ(record->json["completion"], "bcd");
  EXPECT_EQ(record->json["finish_reason"], "stop");
}

TEST_F(DecodeTest, ZeroTokensFinishAtOnce) {
  const Record* const record = Decode("abc", "{model: scripted, max_tokens: 0}");
  EXPECT_EQ(record->json["completion"], "");
  EXPECT_EQ(record->json["finish_reason"], "length");
  EXPECT_EQ(model_->steps(), 0);
}

TEST_F(DecodeTest, RefusesAPromptLongerThanTheContext) {
  Decode(std::string(257, 'a'), "{model: scripted}");
  EXPECT_EQ(failure_.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(failure_.message(), HasSubstr("the prompt has 257 tokens, model `scripted` holds 256"));
}

TEST_F(DecodeTest, StopsWhereTheContextIsFull) {
  const Record* const record = Decode(std::string(254, 'a'), "{model: scripted, max_tokens: 100}");
  EXPECT_EQ(record->json["finish_reason"], "length");
  EXPECT_EQ(record->json["usage"]["completion_tokens"], 2);
}

TEST_F(DecodeTest, RefusesAnEmptyPrompt) {
  Decode("", "{model: scripted}");
  EXPECT_THAT(failure_.message(), HasSubstr("the prompt has no tokens"));
}

TEST_F(DecodeTest, ReportsAStepThatFails) {
  model_->FailSteps(1);
  Decode("abc", "{model: scripted}");
  EXPECT_EQ(failure_.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(failure_.message(), "model `scripted`: scripted failure of a step");
}

TEST_F(DecodeTest, FreesKeysAndValuesWithTheRecord) {
  Record* const record = Decode("abc", "{model: scripted, max_tokens: 40}");
  EXPECT_GT(model_->pages_in_use(), 0u);
  record->ReleasePayloads();
  EXPECT_EQ(model_->pages_in_use(), 0u);
}

TEST_F(DecodeTest, DrawsByTheSeedAndTheRecordAlone) {
  const std::string options = "{model: scripted, max_tokens: 12, temperature: 6}";
  const std::string first = Decode("abc", options, 5)->json["completion"];
  EXPECT_EQ(Decode("abc", options, 5)->json["completion"], first);
  EXPECT_NE(Decode("abc", options, 6)->json["completion"], first);
}

}  // namespace
}  // namespace retort::testing

// draft with a part of the target, and verify: the text of plain decoding, and keys and values of the whole model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/skip_profile.h"
#include "tests/stages/self_drafting_fixture.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

class ExactSelfDrafting : public SelfDrafting, public ::testing::WithParamInterface<int> {};

TEST_P(ExactSelfDrafting, TextsAreThoseOfPlainDecodingAndKeysThoseOfAPrefill) {
  const auto target = LoadTiny(GetParam());
  for (const std::string temperature : {"0", "0.8"}) {
    const std::string options = "max_tokens: 24, ignore_eos: true, temperature: " + temperature;
    Use(target);
    const std::vector<Record*> plain = Generate(8, options);
    std::vector<std::string> texts(9);
    for (size_t batch = 1; batch <= 8; ++batch) texts[batch] = Texts(std::span(plain).first(batch));
    for (const std::string drafter :
         {"drafter: self-skip, skip_attention: [1, 3], skip_mlp: [2-3]", "drafter: early-exit, exit_layer: 3",
          "drafter: self-skip, skip_mlp: '0-4', drafting: coupled",
          "drafter: early-exit, exit_layer: 4, branches: 3, nodes: 20"}) {
      double accepted = 0, drafted = 0;
      for (int length = 1; length <= 16; ++length) {
        for (size_t batch = 1; batch <= 8; ++batch) {
          if (batch != 1 && (batch != 8 || length % 3 != 0) && static_cast<int>(batch) != 2 + length % 6) continue;
          Use(target);
          const std::vector<Record*> made = Records(batch);
          Speculate(made, drafter + ", max_tokens: " + std::to_string(length), options, [&](Record* record) {
            if (length % 3 == 1) ExpectAPrefill(*record);
          });
          ASSERT_EQ(Texts(made), texts[batch]) << drafter << ", length " << length << ", batch " << batch;
          accepted += verify_->counter("accepted_tokens");
          drafted += verify_->counter("draft_tokens");
        }
      }
      EXPECT_GT(drafted, 0) << drafter;
      EXPECT_GT(accepted, 0) << drafter;
      EXPECT_LT(accepted, drafted) << drafter;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Threads, ExactSelfDrafting, ::testing::Values(1, 2));

TEST_F(SelfDrafting, DrawnDraftsAreAcceptedOrReplacedAndKeysStayThoseOfAPrefill) {
  const auto target = LoadTiny(1);
  for (const std::string drafting : {"drafting: sampled", "drafting: sampled, branches: 2, nodes: 12"}) {
    Use(target);
    const std::vector<Record*> records = Records(5);
    Speculate(records, "drafter: early-exit, exit_layer: 4, max_tokens: 5, " + drafting,
              "max_tokens: 24, ignore_eos: true, temperature: 1", [&](Record* record) { ExpectAPrefill(*record); });
    for (const Record* record : records) EXPECT_EQ(record->generation->generated_count(), 24u);
    EXPECT_GT(verify_->counter("accepted_tokens"), 0);
  }
}

TEST_F(SelfDrafting, TheFirstStepOfARecordIsTheTargetsOwn) {
  Use(LoadTiny(1));
  const std::vector<Record*> records = Records(2);
  auto draft = Stage("draft", "{ target: target, drafter: early-exit, exit_layer: 3, max_tokens: 4 }");
  ASSERT_TRUE(draft->Process(records).ok());
  for (const Record* record : records) EXPECT_TRUE(record->draft->tokens.empty());
  auto verify = Stage("verify", "{ model: target, max_tokens: 8, ignore_eos: true }");
  ASSERT_TRUE(verify->Process(records).ok());
  EXPECT_EQ(verify->counter("prompt_tokens_reused"), 0);
  draft->ClearOutcome();
  ASSERT_TRUE(draft->Process(verify->emitted(1)).ok());
  for (const Record* record : records) {
    EXPECT_EQ(record->draft->tokens.size(), 4u);
    EXPECT_EQ(record->draft->drafter, "early-exit");
    const KvSequence& kv = *record->kv.at(target_.get())->sequence;
    EXPECT_EQ(kv.length(), kv.whole_length() + 4);
  }
}

TEST_F(SelfDrafting, AProfileChoosesLayersForItsModelAlone) {
  const auto target = LoadTiny(1), other = LoadTiny(1, 2);
  SkipProfile profile{.made_for = {.model = "tiny", .fingerprint = target->Fingerprint(), .layers = kLayers},
                      .skip_attention = {1},
                      .skip_mlp = {2, 3}};
  const std::string options = "drafter: self-skip, profile: " + ProfilePath(SkipProfileText(profile));
  Use(target);
  ASSERT_NE(Stage("draft", "{ target: target, " + options + " }"), nullptr);
  const std::string plain = Texts(Generate(3, "max_tokens: 20, ignore_eos: true"));
  Use(target);
  const std::vector<Record*> records = Records(3);
  Speculate(records, options + ", max_tokens: 4", "max_tokens: 20, ignore_eos: true");
  EXPECT_EQ(Texts(records), plain);
  Use(other);
  const Status refused = Refusal(options);
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
  for (const char* part : {"skip.json", "expected a profile of", "got one of tiny", "retort skip search --model"})
    EXPECT_THAT(refused.message(), HasSubstr(part));
}

TEST_F(SelfDrafting, DamagedProfilesAreRefusedByFieldAndFile) {
  Use(LoadTiny(1));
  const SkipProfile profile{.made_for = {.model = "tiny", .fingerprint = target_->Fingerprint(), .layers = kLayers},
                            .skip_attention = {1},
                            .skip_mlp = {2, 3}};
  const std::string good = SkipProfileText(profile);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::pair<std::string, const char*> cases[] = {
      {"{", "skip.json: "},
      {"[1]", "skip.json: "},
      {"{}", "retort_skip_profile: expected 1, got nothing"},
      {with("profile\": 1", "profile\": 2"), "retort_skip_profile: expected 1, got 2"},
      {with("\"layers\": 5", "\"layers\": -5"), "layers: expected the number of the model's layers, got -5"},
      {with("\"2-3\"", "\"2-7\""),
       "skip_mlp: expected layers from 0 to 4 or ranges of them, such as [3, 8-11], got `2-7`"},
      {with("\"2-3\"", "[2, 3]"), "skip_mlp: expected layers such as \"3,8-11\", got [2,3]"},
      {with("\"fingerprint\": \"", "\"fingerprint\": \"x"), "fingerprint: expected a hexadecimal number in quotes"},
      {good.substr(0, good.size() / 2), "skip.json: "}};
  for (const auto& [text, part] : cases) {
    const Status refused = Refusal("drafter: self-skip, profile: " + ProfilePath(text));
    EXPECT_EQ(refused.code(), StatusCode::kDataLoss) << refused.ToString();
    EXPECT_THAT(refused.message(), HasSubstr(part));
    EXPECT_THAT(refused.message(), HasSubstr("make the profile anew with `retort skip search`"));
  }
  EXPECT_EQ(Refusal("drafter: self-skip, profile: /nowhere.json").code(), StatusCode::kNotFound);
}

TEST_F(SelfDrafting, SaysWhichLayersThereAre) {
  Use(LoadTiny(1));
  const std::pair<const char*, const char*> cases[] = {
      {"drafter: self-skip, skip_attention: [5]", "skip_attention: expected layers from 0 to 4"},
      {"drafter: self-skip, skip_mlp: [1, x]", "got `x`"},
      {"drafter: self-skip, skip_mlp: ['0-4'], skip_attention: ['0-4']", "all 5 layers are left out"},
      {"drafter: self-skip", "expected a profile, or layers in skip_attention or skip_mlp"},
      {"drafter: self-skip, skip_mlp: [1], profile: a.json", "skip_mlp: the profile says which layers"},
      {"drafter: self-skip, skip_mlp: [1], exit_layer: 2", "exit_layer: only drafter: early-exit uses it"},
      {"drafter: early-exit", "exit_layer: drafter: early-exit needs the number of layers that draft"},
      {"drafter: early-exit, exit_layer: 5", "exit_layer: expected 1 to 4 of the model's 5 layers, got 5"},
      {"drafter: early-exit, exit_layer: 2, skip_mlp: [1]", "skip_mlp: only drafter: self-skip uses it"},
      {"drafter: early-exit, exit_layer: 2, model: target", "model: drafter: early-exit does not use it"}};
  for (const auto& [options, part] : cases) EXPECT_THAT(Refusal(options).message(), HasSubstr(part)) << options;
  auto none = host_->Create("draft", "{ drafter: early-exit, exit_layer: 2 }");
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.status().message(), HasSubstr("target: drafter: early-exit needs the name of a model here"));
}

}  // namespace
}  // namespace retort::testing

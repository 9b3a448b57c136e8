// draft with drafters that look into text, and verify: texts, options and files, through the plugin ABI.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/random.h"
#include "core/plugin/handles.h"
#include "core/testing/scripted_model.h"
#include "plugins/shared/ngram_store.h"
#include "tests/stages/stages_fixture.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

using retort_stages::BuildNgramStore;
using retort_stages::TokenSet;
using ::testing::HasSubstr;

/// A model of four letters and the end whose next token depends on the last two, mostly as a cycle says.
std::shared_ptr<ScriptedModel> CircularModel() {
  return std::make_shared<ScriptedModel>(
      [](std::span<const int32_t> tokens) {
        const uint64_t last = static_cast<uint64_t>(tokens.back());
        const uint64_t state = last * 31 + (tokens.size() > 1 ? static_cast<uint64_t>(tokens[tokens.size() - 2]) : 7);
        std::vector<float> logits;
        for (uint64_t token = 0; token < 5; ++token) {
          const double cycle = token == (last + 1) % 4 ? 2 : 0;
          logits.push_back(static_cast<float>(RandomUniform({9, state, token, 0}) * 3 + cycle - (token == 4 ? 4 : 0)));
        }
        return logits;
      },
      ScriptedModelOptions{.name = "target", .alphabet = "abcd", .context_length = 256});
}

class TextDrafters : public StagesFixture {
 protected:
  void SetUp() override { Use(); }
  void Use() { StagesFixture::Use(CircularModel()); }
  TokenSet Tokens() const {
    return TokenSet::Of(static_cast<uint32_t>(target_->hyper().vocab),
                        [&](int32_t token) { return target_->tokenizer().Decode(&token, 1); });
  }
  std::string WriteStore(const std::vector<int32_t>& corpus) {
    return folder_.Write("my.store", BuildNgramStore(corpus, Tokens()));
  }

  std::string Refusal(const std::string& options) {
    const auto stage = host_->Create("draft", options);
    return stage.ok() ? "it is accepted" : stage.status().message();
  }
  std::vector<Record*> Records(size_t count) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i)
      records.push_back(Begin("r" + std::to_string(i), {0, static_cast<int32_t>(i % 4), 2}));
    return records;
  }

  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options) {
    RunStages(records, draft_options, verify_options);
    ASSERT_TRUE(draft_ != nullptr);
    ASSERT_TRUE(draft_->Close().ok());
  }
  std::string Plain(const std::string& options) {
    const std::vector<Record*> records = Records(6);
    Generate(records, options);
    return Texts(records);
  }

  TemporaryFolder folder_;
};

TEST_F(TextDrafters, EachGivesTheTextOfPlainDecoding) {
  const std::string store =
      "target: target, store: " + WriteStore({0, 1, 2, 3, 0, 1, 3, 2, 1, 0, 5, 2, 3, 0, 1, 2, 0, 2, 3, 5});
  const std::map<std::string, std::string> ways = {
      {"prompt-lookup", ""},
      {"ngram", ""},
      {"ngram-store", store},
      {"race", "drafters: [prompt-lookup, ngram, ngram-store], " + store},
      {"cascade", "drafters: [ngram-store, prompt-lookup, ngram], min_share: 0.4, " + store}};
  for (const std::string temperature : {"0", "0.7", "1.5"}) {
    const std::string options = "max_tokens: 40, top_p: 0.95, temperature: " + temperature;
    Use();
    const std::string expected = Plain(options);
    for (const auto& [name, more] : ways) {
      for (const int length : {0, 1, 2, 4, 7, 16, 64}) {
        Use();
        const std::vector<Record*> records = Records(6);
        Speculate(records,
                  "{ drafter: " + name + ", min_match: 1, max_tokens: " + std::to_string(length) + ", " + more + " }",
                  options);
        ASSERT_EQ(Texts(records), expected) << name << ", length " << length << ", temperature " << temperature;
        EXPECT_EQ(verify_->counter("accepted_tokens") > 0, length > 0) << name << ", length " << length;
      }
    }
  }
}

TEST_F(TextDrafters, BlocksAreCountedForWhoeverDraftedThem) {
  Speculate(Records(6), "{ drafter: race, drafters: [prompt-lookup, ngram], min_match: 1 }", "max_tokens: 60");
  for (const std::string counter : {"drafts", "draft_tokens", "accepted_tokens"}) {
    const double by_lookup = verify_->counter(counter + "/prompt-lookup"),
                 by_ngram = verify_->counter(counter + "/ngram");
    EXPECT_GT(by_lookup + by_ngram, 0) << counter;
    EXPECT_EQ(by_lookup + by_ngram, verify_->counter(counter)) << counter;
  }
}

TEST_F(TextDrafters, NothingIsDraftedBeyondTheLimit) {
  const std::vector<Record*> records = Records(4);
  draft_ = Stage("draft", "{ drafter: ngram, min_match: 1, max_tokens: 64 }");
  verify_ = Stage("verify", "{ model: target, max_tokens: 9 }");
  std::vector<Record*> live = records;
  for (int round = 0; !live.empty(); ++round) {
    draft_->ClearOutcome();
    ASSERT_TRUE(draft_->Process(live).ok());
    for (const Record* record : live) {
      const size_t left = 9 - (record->generation->tokens().size() - 3);
      if (round == 0) continue;  // the first verification sets the limit
      EXPECT_LE(record->draft->tokens.size(), left - 1);
    }
    verify_->ClearOutcome();
    ASSERT_TRUE(verify_->Process(live).ok());
    live = verify_->emitted(1);
  }
}

TEST_F(TextDrafters, StatisticsOfOneRunServeTheNext) {
  const std::string file = folder_.path() + "/run.ngram";
  const std::string ngram = "drafter: ngram, target: target, min_match: 1, ";
  Speculate(Records(2), "{ " + ngram + "save: " + file + " }", "max_tokens: 40");
  const std::string saved = folder_.Read("run.ngram");
  ASSERT_FALSE(saved.empty());
  Use();
  auto loaded = Stage("draft", "{ " + ngram + "load: " + file + ", max_tokens: 4 }");
  auto fresh = Stage("draft", "{ " + ngram + "save: " + file + ", max_tokens: 4 }");
  Record* const record = Records(1)[0];
  ASSERT_TRUE(fresh->Process({record}).ok());
  const size_t without = record->draft->tokens.size();
  ASSERT_TRUE(loaded->Process({record}).ok());
  EXPECT_LT(without, 4u);
  EXPECT_EQ(record->draft->tokens.size(), 4u);
  ASSERT_TRUE(fresh->Close(/*cut_short=*/true).ok());
  EXPECT_EQ(folder_.Read("run.ngram"), saved) << "a run that was cut short leaves it alone";
}

TEST_F(TextDrafters, FilesThatDoNotFitAreRefusedBeforeTheRun) {
  const std::string path = WriteStore({0, 1, 2, 5});
  const std::string store = "{ drafter: ngram-store, target: target, store: " + path + " }";
  EXPECT_EQ(Refusal(store), "it is accepted");
  std::string bytes = folder_.Read("my.store");
  bytes[50] = static_cast<char>(bytes[50] ^ 4);
  folder_.Write("my.store", bytes);
  EXPECT_THAT(Refusal(store), HasSubstr(path + ": expected a store of `retort store build`, got one whose checksum"));
  folder_.Write("my.store", BuildNgramStore(std::vector<int32_t>{0, 1, 5}, {5, 1234}));
  EXPECT_THAT(Refusal(store), HasSubstr("of another vocabulary (5 tokens); build it anew"));
  folder_.Write("my.store", "");
  EXPECT_THAT(Refusal(store), HasSubstr("got an empty file"));
  EXPECT_THAT(Refusal("{ drafter: ngram, target: target, load: " + path + "x }"),
              HasSubstr("load: " + path + "x: cannot be opened"));
  EXPECT_THAT(Refusal("{ drafter: ngram, target: target, save: /nowhere/x }"),
              HasSubstr("save: /nowhere/x: cannot be written"));
}

TEST_F(TextDrafters, OptionsThatDoNotGoTogetherAreRefused) {
  EXPECT_THAT(Refusal("{ drafter: ngram-store }"), HasSubstr("store: drafter ngram-store needs a file"));
  EXPECT_THAT(Refusal("{ store: x }"), HasSubstr("store: only drafter ngram-store uses it"));
  EXPECT_THAT(Refusal("{ save: x }"), HasSubstr("only drafter ngram uses them"));
  EXPECT_THAT(Refusal("{ drafter: ngram, save: x }"), HasSubstr("target: `store`"));
  EXPECT_THAT(Refusal("{ target: target }"), HasSubstr("target: drafter: prompt-lookup does not use it; leave it out"));
  EXPECT_THAT(Refusal("{ drafter: race }"), HasSubstr("needs two or more of"));
  EXPECT_THAT(Refusal("{ drafter: race, drafters: [ngram] }"), HasSubstr("needs two or more of"));
  EXPECT_THAT(Refusal("{ drafter: cascade, drafters: [ngram, ngram] }"), HasSubstr("drafters[1]: expected"));
  EXPECT_THAT(Refusal("{ drafter: cascade, drafters: [ngram, race] }"), HasSubstr("got race"));
  EXPECT_THAT(Refusal("{ drafters: [ngram, prompt-lookup] }"), HasSubstr("only drafter: race and"));
  EXPECT_THAT(Refusal("{ min_match: 5, max_match: 2 }"), HasSubstr("min_match: expected max_match (2) at most"));
}

}  // namespace
}  // namespace retort::testing

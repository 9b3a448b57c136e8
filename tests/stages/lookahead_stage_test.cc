// draft with lookahead, and verify: the text of plain decoding in fewer steps, through the plugin ABI.
#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/plugin/handles.h"
#include "core/testing/scripted_model.h"
#include "tests/stages/stages_fixture.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

/// 26 letters; the next one depends on the last alone. Its argmax goes through a long cycle of letters.
std::shared_ptr<ScriptedModel> Letters() {
  return std::make_shared<ScriptedModel>(
      [](std::span<const int32_t> tokens) {
        const int32_t last = tokens.back();
        std::vector<float> logits;
        for (int32_t token = 0; token < 27; ++token) {
          const double cycle = token == (last * 5 + 7) % 26 ? 3 : token == 26 ? -4 : 0;
          const auto state = static_cast<uint64_t>(last), own = static_cast<uint64_t>(token);
          logits.push_back(static_cast<float>(cycle + 3 * RandomUniform({9, state, own, 0})));
        }
        return logits;
      },
      ScriptedModelOptions{.name = "target", .alphabet = "abcdefghijklmnopqrstuvwxyz", .context_length = 256});
}

class Lookahead : public StagesFixture {
 protected:
  std::vector<Record*> Records(size_t count, size_t prompt_step = 0) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i) {
      std::vector<int32_t> prompt;
      for (size_t t = 0; t < 3 + i * prompt_step % 80; ++t)
        prompt.push_back(static_cast<int32_t>(RandomBits({i, t, 0, 0}) % 26));
      records.push_back(Begin("r" + std::to_string(i), std::move(prompt)));
    }
    return records;
  }
  std::string Plain(size_t count, const std::string& options, size_t prompt_step = 0) {
    const std::vector<Record*> records = Records(count, prompt_step);
    Generate(records, options);
    return Texts(records);
  }
  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options, const std::function<void(Record*)>& check = {}) {
    RunStages(records, "{ drafter: lookahead, " + draft_options + " }", verify_options, check);
  }
  double AcceptanceLength() const {
    return verify_->counter("tokens_generated") /
           (verify_->counter("tokens_generated") - verify_->counter("accepted_tokens"));
  }
};

TEST_F(Lookahead, GivesTheTextOfPlainDecoding) {
  for (const std::string temperature : {"0", "0.7", "1.5"}) {
    const std::string options = "max_tokens: 40, top_p: 0.95, repetition_penalty: 1.1, temperature: " + temperature;
    Use(Letters());
    const std::string expected = Plain(6, options);
    for (const std::string sizes :
         {"window: 3", "window: 1, ngram: 2, guesses: 1", "window: 1, ngram: 5", "window: 5, ngram: 2, guesses: 8",
          "window: 6, ngram: 5, guesses: 4, max_tokens: 9", "window: 3, pool_from_prompt: false",
          "window: 3, max_tokens: 0", "window: 10, ngram: 4, guesses: 11, max_tokens: 40"}) {
      Use(Letters());
      const std::vector<Record*> records = Records(6);
      Speculate(records, sizes, options);
      ASSERT_EQ(Texts(records), expected) << sizes << ", temperature " << temperature;
      EXPECT_EQ(verify_->counter("accepted_tokens") > 0, sizes.find("max_tokens: 0") == std::string::npos) << sizes;
      EXPECT_EQ(verify_->counter("draft_tokens_cut"), 0) << "no node lies beyond the limit";
    }
  }
}

// No letter comes twice, so that nothing could be looked up: what is accepted, the iteration has found.
TEST_F(Lookahead, FindsTokensThatTheTextNeverHad) {
  Use(AlphabetModel({.name = "target"}));
  const std::vector<Record*> records = Records(1);
  records[0]->generation = std::make_unique<Generation>(target_->tokenizer(), std::vector<int32_t>{20, 12, 7, 0},
                                                        target_->hyper().context_length);
  Speculate(records, "window: 5, ngram: 4, guesses: 4, pool_from_prompt: false", "max_tokens: 19, ignore_eos: true");
  EXPECT_GE(verify_->counter("accepted_tokens"), 5);
  EXPECT_LE(verify_->counter("steps"), 14);
}

TEST_F(Lookahead, LearnsTheDrawsThatVerificationWillMake) {
  Use(Letters());
  Speculate(Records(8), "window: 5, ngram: 4, guesses: 4", "max_tokens: 60, ignore_eos: true, temperature: 1.5");
  EXPECT_GT(AcceptanceLength(), 1.5) << "at this temperature the argmax has a chance of a fifth";
}

TEST_F(Lookahead, TextsOfARealStepAreThoseOfPlainDecodingAndKeysThoseOfAPrefill) {
  ModelConfig config;
  config.name = "target";
  config.source = WriteTinyModel(TempPath("tiny.gguf"));
  config.precision = Precision::kExact;
  config.threads = 2;
  const auto loaded = Model::Load(config);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  for (const std::string temperature : {"0", "0.8"}) {
    const std::string options = "max_tokens: 24, ignore_eos: true, temperature: " + temperature;
    Use(*loaded);
    const std::string expected = Plain(5, options, 9);
    for (const std::string sizes : {"window: 3", "window: 5, ngram: 4, guesses: 6"}) {
      Use(*loaded);
      const std::vector<Record*> records = Records(5, 9);
      Speculate(records, sizes, options, [&](Record* record) {
        const KvSequence& kv = *record->kv.at(target_.get())->sequence;
        ASSERT_EQ(kv.length() + 1, record->generation->tokens().size());
        auto fresh = *target_->CreateSequence();
        const ForwardItem item{fresh.get(), kv.tokens(), kv.length()};
        std::span<const float> logits;
        ASSERT_TRUE(target_->Forward({&item, 1}, &logits).ok());
        ASSERT_EQ(Stored(kv), Stored(*fresh));
      });
      EXPECT_EQ(Texts(records), expected) << sizes << ", temperature " << temperature;
      EXPECT_GT(verify_->counter("accepted_tokens"), 0) << sizes;
    }
  }
}

}  // namespace
}  // namespace retort::testing

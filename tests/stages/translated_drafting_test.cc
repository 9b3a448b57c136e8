// draft with a model of other tokens, and verify: the text of plain decoding, whatever gets lost between both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/plugin/handles.h"
#include "core/testing/scripted_model.h"
#include "tests/stages/stages_fixture.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/other_tokens.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<Model> Load(const std::string& name, const std::string& path, int threads = 1) {
  ModelConfig config;
  config.name = name;
  config.source = path;
  config.precision = Precision::kExact;
  config.threads = threads;
  auto model = Model::Load(config);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return model.ok() ? *model : nullptr;
}

class TranslatedDrafting : public StagesFixture {
 protected:
  /// A model with the target's weights and other tokens.
  std::shared_ptr<Model> Other(const OtherTokens& tokens, int threads = 1) {
    const std::string file = "other" + std::to_string(tokens.seed) + "-" + std::to_string(tokens.dropped_merges);
    return Load("small", WriteWithOtherTokens(Tiny(), folder_.path() + "/" + file + ".gguf", tokens), threads);
  }
  std::string Tiny(const TinyModel& model = {}) { return WriteTinyModel(folder_.path() + "/tiny.gguf", model); }

  /// Prompts of any tokens: bytes that are no text, and special ones among them.
  std::vector<Record*> Records(size_t count) {
    std::vector<Record*> records;
    for (size_t i = 0; i < count; ++i) {
      std::vector<int32_t> prompt;
      for (size_t t = 0; t < 3 + i * 9 % 60; ++t)
        prompt.push_back(static_cast<int32_t>(RandomBits({i, t, 0, 0}) % 270));
      records.push_back(Begin("r" + std::to_string(i), std::move(prompt)));
    }
    return records;
  }
  void Speculate(const std::vector<Record*>& records, const std::string& draft_options,
                 const std::string& verify_options) {
    RunStages(records, "{ drafter: model, model: small, target: target, " + draft_options + " }", verify_options);
  }
  std::string Plain(size_t count, const std::string& options) {
    const std::vector<Record*> records = Records(count);
    Generate(records, options);
    return Texts(records);
  }
  double Acceptance() const { return verify_->counter("accepted_tokens") / verify_->counter("draft_tokens"); }

  TemporaryFolder folder_;
};

class ExactTranslatedDrafting : public TranslatedDrafting, public ::testing::WithParamInterface<int> {};

TEST_P(ExactTranslatedDrafting, TextsAreThoseOfPlainDecoding) {
  const auto target = Load("target", Tiny(), GetParam());
  for (const size_t dropped : {size_t{0}, size_t{9}, size_t{17}}) {
    const auto small = Other({.dropped_merges = dropped}, GetParam());
    for (const std::string temperature : {"0", "0.8"}) {
      const std::string options = "max_tokens: 24, ignore_eos: true, temperature: " + temperature;
      Use(target, small);
      const std::string expected = Plain(6, options);
      double accepted = 0;
      for (const int length : {0, 1, 3, 8, 16}) {
        Use(target, small);
        const std::vector<Record*> records = Records(6);
        Speculate(records, "max_tokens: " + std::to_string(length), options);
        ASSERT_EQ(Texts(records), expected) << dropped << ", length " << length << ", temperature " << temperature;
        EXPECT_EQ(draft_->counter("drafts_broken_off"), 0);
        accepted += verify_->counter("accepted_tokens");
      }
      EXPECT_GT(accepted, 40) << dropped << ", temperature " << temperature;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Threads, ExactTranslatedDrafting, ::testing::Values(1, 2));

TEST_F(TranslatedDrafting, TheSameModelUnderOtherNumbersIsAsGoodADrafter) {
  const auto target = Load("target", Tiny());
  const auto prompts = [&] {
    std::vector<Record*> records;
    for (const char* text : {"the thing and the", "on and on", "is a war on the other"})
      records.push_back(Begin(text, target_->tokenizer().Encode(text, {}).value()));
    return records;
  };
  double steps[2] = {};
  for (const bool other : {false, true}) {
    Use(target, other ? Other({.seed = 3}) : Load("small", Tiny()));
    Speculate(prompts(), "max_tokens: 4", "max_tokens: 40, ignore_eos: true");
    steps[other] = verify_->counter("steps");
    EXPECT_EQ(draft_->counter("drafts_translated") > 0, other);
  }
  EXPECT_LT(steps[1], 1.6 * steps[0]) << "a random model breaks characters, which are not drafted";
}

TEST_F(TranslatedDrafting, EveryDraftingThatNeedsTheTargetsTokensIsRefused) {
  Use(Load("target", Tiny()), Other({}));
  const std::pair<const char*, const char*> cases[] = {
      {"drafting: sampled", "use drafting: argmax, which suits any temperature"},
      {"drafting: coupled", "use drafting: argmax"},
      {"drafting: sampled, branches: 2", "use drafting: argmax"},
      {"branches: 2", "branches: model `target` and model `small`: the tokens are not the same: token 0 is "}};
  for (const auto& [options, part] : cases) {
    const auto draft =
        host_->Create("draft", "{ drafter: model, model: small, target: target, " + std::string(options) + " }");
    ASSERT_FALSE(draft.ok()) << options;
    EXPECT_EQ(draft.status().code(), StatusCode::kUnsupported);
    for (const char* all : {part, "the tokens are not the same", "or a drafting model with the target's tokens"})
      EXPECT_THAT(draft.status().message(), HasSubstr(all)) << options;
  }
}

TEST_F(TranslatedDrafting, VocabulariesOfAnySizeAndContextsOfAnyLength) {
  const auto target = Load("target", Tiny());
  const std::string options = "max_tokens: 40, ignore_eos: true";
  for (const int32_t context : {20, 64, 1024}) {
    for (const int32_t vocab : {0, 2000}) {
      const std::string path = folder_.path() + "/small.gguf";
      WriteTinyModel(folder_.path() + "/wide.gguf", {.context_length = context, .vocab = vocab});
      WriteWithOtherTokens(folder_.path() + "/wide.gguf", path, {.seed = 7, .dropped_merges = 12});
      const auto small = Load("small", path);
      Use(target, small);
      const std::string expected = Plain(5, options);
      Use(target, small);
      const std::vector<Record*> records = Records(5);
      Speculate(records, "max_tokens: 5", options);
      EXPECT_EQ(Texts(records), expected) << context << ", " << vocab;
      EXPECT_EQ(draft_->counter("drafts_beyond_context") > 0, context < 100) << context;
      EXPECT_EQ(draft_->counter("drafts_broken_off"), 0);
    }
  }
}

TEST_F(TranslatedDrafting, ADrafterThatSpellsNothingOfTheTextChangesNothing) {
  const auto target = Load("target", Tiny());
  Use(target, std::make_shared<ScriptedModel>(
                  [](auto) {
                    return std::vector<float>{1, 2};
                  },
                  ScriptedModelOptions{.name = "small", .alphabet = "#"}));
  const std::string options = "max_tokens: 20, ignore_eos: true";
  const std::string expected = Plain(4, options);
  const std::vector<Record*> records = Records(4);
  Speculate(records, "max_tokens: 5", options);
  EXPECT_EQ(Texts(records), expected);
}

/// Letters with the end in front, so that no token is the target's.
std::shared_ptr<ScriptedModel> Letters(const std::string& name, const std::string& alphabet,
                                       ScriptedModel::Script script) {
  return std::make_shared<ScriptedModel>(std::move(script), ScriptedModelOptions{.name = name, .alphabet = alphabet});
}

TEST_F(TranslatedDrafting, TheDraftersTextIsContinuedNotRunAgain) {
  // Both go round the letters; one counts them from the other end.
  const auto target = Letters("target", "abcd", [](auto tokens) {
    std::vector<float> logits(5, 0);
    logits[static_cast<size_t>((tokens.back() + 1) % 4)] = 10;
    return logits;
  });
  const auto small = Letters("small", "dcbax", [](auto tokens) {
    std::vector<float> logits(6, 0);
    logits[static_cast<size_t>((tokens.back() + 3) % 4)] = 10;
    return logits;
  });
  Use(target, small);
  Speculate({Begin("r", {0, 1, 2})}, "max_tokens: 4", "max_tokens: 41, ignore_eos: true");
  EXPECT_EQ(Acceptance(), 1);
  EXPECT_EQ(verify_->counter("steps"), 9) << "eight of five, and one";
  EXPECT_EQ(draft_->counter("draft_steps"), 32);
  EXPECT_EQ(small->tokens_run(), 3u + 31u + 7u) << "the prompt, its own but the last, and what verifications add";
  EXPECT_EQ(draft_->counter("drafts_translated"), 8);
}

TEST_F(TranslatedDrafting, ADraftingModelThatBreaksCostsDraftsAndNoText) {
  const auto target = Letters("target", "abcd", [](auto tokens) {
    std::vector<float> logits(5, 0);
    logits[static_cast<size_t>((tokens.back() + 1) % 4)] = 10;
    return logits;
  });
  const auto small = Letters("small", "dcbax", [](auto tokens) {
    return std::vector<float>(6, tokens.size() % 3 == 0 ? std::nanf("") : 1.0f);
  });
  small->FailSteps(2);
  Use(target, small);
  Record* const record = Begin("r", {0, 1, 2});
  Speculate({record}, "max_tokens: 4", "max_tokens: 41, ignore_eos: true");
  std::string text;
  for (int i = 0; i < 11; ++i) text += "abcd";
  EXPECT_EQ(target->tokenizer().Decode(record->generation->tokens().data(), 44, false), text);
  EXPECT_GT(draft_->counter("drafts_broken_off"), 2);
}

TEST_F(TranslatedDrafting, TheEndIsDraftedToo) {
  const auto end_after_d = [](int32_t d, int32_t end, int32_t step) {
    return [=](std::span<const int32_t> tokens) {
      std::vector<float> logits(static_cast<size_t>(end) + 1, 0);
      const bool ends = tokens.back() == d || tokens.back() == end;  // the row after the end is asked for too
      logits[static_cast<size_t>(ends ? end : tokens.back() + step)] = 10;
      return logits;
    };
  };
  Use(Letters("target", "abcd", end_after_d(3, 4, 1)), Letters("small", "dcbax", end_after_d(0, 5, -1)));
  Record* const record = Begin("r", {0});
  Speculate({record}, "max_tokens: 8", "max_tokens: 20");
  EXPECT_EQ(record->generation->tokens().size(), 5u);
  EXPECT_EQ(verify_->counter("steps"), 1) << "b, c, d and the end in one step";
}

}  // namespace
}  // namespace retort::testing

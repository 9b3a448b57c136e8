// How a drafting model makes its chains: drafted by a drafter of its own, and ended where it is not sure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/plugin/handles.h"
#include "tests/stages/speculation_fixture.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

/// The drafts of a run, one after the other, and what they cost.
struct Drafts {
  std::string all;
  std::string texts;
  double steps = 0, accepted = 0;
};

class DraftingModels : public Speculation {
 protected:
  /// Rounds by hand, so that every draft is seen.
  Drafts Run(const std::vector<Record*>& records, const std::string& draft_options, const std::string& verify_options) {
    draft_ = Stage("draft", "{ drafter: model, model: small, target: target, " + draft_options + " }");
    verify_ = Stage("verify", "{ model: target, length: fixed, " + verify_options + " }");
    Drafts drafts;
    for (std::vector<Record*> live = records; !live.empty(); live = verify_->emitted(1)) {
      draft_->ClearOutcome();
      EXPECT_TRUE(draft_->Process(live).ok());
      for (const Record* record : draft_->emitted(0)) {
        for (const int32_t token : record->draft->tokens) drafts.all += std::to_string(token) + " ";
        for (const float q : record->draft->q) drafts.all += q > 0 ? std::to_string(q) + " " : "";
        drafts.all += "| ";
      }
      verify_->ClearOutcome();
      EXPECT_TRUE(verify_->Process(draft_->emitted(0)).ok());
      EXPECT_TRUE(verify_->failed().empty());
    }
    drafts.texts = Texts(records);
    drafts.steps = draft_->counter("draft_steps");
    drafts.accepted = draft_->counter("draft_by_accepted_tokens");
    return drafts;
  }
};

TEST_F(DraftingModels, DraftedDraftsAreTheSameInFewerSteps) {
  for (const auto& [drafting, temperature] :
       std::map<std::string, std::string>{{"argmax", "0"}, {"coupled", "0.7"}, {"sampled", "1"}}) {
    for (const std::string by : {"prompt-lookup", "ngram", "cascade, drafters: [ngram, prompt-lookup]"}) {
      const std::string options = "min_match: 1, max_tokens: 6, drafting: " + drafting,
                        settings = "max_tokens: 60, ignore_eos: true, temperature: " + temperature;
      UseRestless();
      const Drafts alone = Run(Records(3), options, settings);
      UseRestless();
      const Drafts drafted = Run(Records(3), options + ", draft_by: " + by, settings);
      EXPECT_EQ(drafted.all, alone.all) << drafting << ", " << by;
      EXPECT_EQ(drafted.texts, alone.texts) << drafting << ", " << by;
      EXPECT_LT(drafted.steps, alone.steps) << drafting << ", " << by;
      EXPECT_GT(drafted.accepted, 0);
      EXPECT_EQ(alone.accepted, 0);
    }
  }
}

TEST_F(DraftingModels, DraftedDraftsOfARealStepAreTheSameAndKeysThoseOfAPrefill) {
  const auto load = [](const std::string& name, const std::string& weights) {
    ModelConfig config;
    config.name = name;
    config.source = WriteTinyModel(TempPath(name + ".gguf"));
    config.precision = Precision::kExact;
    config.weights = weights;
    config.threads = 1;
    auto model = Model::Load(config);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    return model.ok() ? *model : nullptr;
  };
  const auto target = load("target", "native"), small = load("small", "q4_0");
  const std::string options = "min_match: 1, max_tokens: 8", settings = "max_tokens: 40, ignore_eos: true";
  Use(target, small);
  const Drafts alone = Run(Records(4), options, settings);
  Use(target, small);
  const Drafts drafted = Run(Records(4), options + ", draft_by: prompt-lookup", settings);
  EXPECT_EQ(drafted.all, alone.all);
  EXPECT_EQ(drafted.texts, alone.texts);
  EXPECT_LT(drafted.steps, alone.steps);
  Use(target, small);
  Speculate(Records(4), options + ", draft_by: prompt-lookup", settings, [&](Record* record) {
    for (const auto& [model, kv] : record->kv) {
      Model& of = model == target.get() ? *target : *small;
      auto fresh = of.CreateSequence();
      const ForwardItem item{fresh->get(), kv->sequence->tokens(), kv->sequence->length()};
      std::span<const float> logits;
      ASSERT_TRUE(of.Forward({&item, 1}, &logits).ok());
      ASSERT_EQ(Stored(*kv->sequence), Stored(**fresh));
    }
  });
}

TEST_F(DraftingModels, AChainEndsBeforeATokenOfWhichTheModelIsNotSure) {
  // The top probability after `a` is 0.9, after all others 0.3.
  const auto model = [](const std::string& name) {
    return std::make_shared<ScriptedModel>(
        [](std::span<const int32_t> tokens) {
          std::vector<float> logits(5, std::log(tokens.back() == 0 ? 0.025f : 0.175f));
          logits[static_cast<size_t>(tokens.back() + 1) % 4] = std::log(tokens.back() == 0 ? 0.9f : 0.3f);
          return logits;
        },
        ScriptedModelOptions{.name = name, .alphabet = "abcd"});
  };
  const auto lengths = [&](const std::string& options) {
    Use(model("target"), model("small"));
    auto draft = Stage("draft", "{ drafter: model, model: small, target: target, max_tokens: 3, " + options + " }");
    const std::vector<Record*> records = {Begin("a", {0}), Begin("b", {1}), Begin("d", {3})};
    EXPECT_TRUE(draft->Process(records).ok());
    std::vector<size_t> out;
    for (const Record* record : records) out.push_back(record->draft->tokens.size());
    out.push_back(static_cast<size_t>(draft->counter("draft_steps")));
    return out;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(lengths("min_confidence: 0"), ElementsAre(3, 3, 3, 3));
  EXPECT_THAT(lengths("min_confidence: 0.29"), ElementsAre(3, 3, 3, 3));
  EXPECT_THAT(lengths("min_confidence: 0.5"), ElementsAre(1, 0, 0, 2)) << "a is followed by b, then it is not sure";
  EXPECT_THAT(lengths("min_confidence: 0.95"), ElementsAre(0, 0, 0, 1));
  // Of a tree the product counts: 0.9, then 0.27, then 0.081; b first has 0.3, 0.09.
  EXPECT_THAT(lengths("min_confidence: 0.2, branches: 2"), ElementsAre(2, 1, 2, 3));
}

// Chains of unequal length: the record that goes on runs alone.
TEST_F(DraftingModels, DraftsThatEndEarlyKeepTheText) {
  for (const std::string drafting : {"drafting: argmax", "drafting: coupled", "drafting: argmax, branches: 3",
                                     "drafting: coupled, draft_by: ngram"}) {
    const std::string options = "max_tokens: 40, temperature: 0.7";
    UseRestless();
    const std::vector<Record*> plain = Records(6);
    Generate(plain, options);
    const std::string expected = Texts(plain);
    std::map<bool, double> rejected;
    for (const bool unsure : {false, true}) {
      UseRestless();
      const std::vector<Record*> records = Records(6);
      Speculate(records, drafting + ", max_tokens: 5" + (unsure ? ", min_confidence: 0.5" : ""), options);
      EXPECT_EQ(Texts(records), expected) << drafting;
      EXPECT_GT(verify_->counter("accepted_tokens"), 0) << drafting;
      rejected[unsure] = verify_->counter("draft_tokens") - verify_->counter("accepted_tokens");
    }
    EXPECT_LT(rejected[true], 0.75 * rejected[false]) << drafting;
  }
}

}  // namespace
}  // namespace retort::testing

// draft with a model, and verify: every kind of draft, through the plugin ABI.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/random.h"
#include "core/decode/goodness_of_fit.h"
#include "core/model/generation.h"
#include "core/model/sampler.h"
#include "core/plugin/handles.h"
#include "tests/stages/speculation_fixture.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/stored_kv.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(Speculation, DraftsWithoutChanceGiveTheTextOfPlainDecoding) {
  for (const std::string temperature : {"0", "0.7", "1.5"}) {
    const std::string options = "max_tokens: 40, repetition_penalty: 1.2, temperature: " + temperature;
    UseRestless();
    const std::vector<Record*> plain = Records(6);
    Generate(plain, options);
    const std::string expected = Texts(plain);
    for (const std::string drafting : {"drafting: argmax", "drafting: coupled", "drafting: argmax, branches: 2",
                                       "drafting: argmax, branches: 4, nodes: 40"}) {
      for (const int length : {0, 1, 2, 3, 5, 8, 16}) {
        UseRestless();
        const std::vector<Record*> records = Records(6);
        Speculate(records, drafting + ", max_tokens: " + std::to_string(length), options);
        ASSERT_EQ(Texts(records), expected) << drafting << ", length " << length << ", temperature " << temperature;
        EXPECT_EQ(verify_->counter("accepted_tokens") > 0, length > 0) << drafting;
      }
    }
  }
}

TEST_F(Speculation, AtTemperature0DrawnDraftsAreTheArgmax) {
  UseRestless();
  const std::vector<Record*> plain = Records(6);
  Generate(plain, "max_tokens: 40");
  const std::string expected = Texts(plain);
  for (const std::string options : {"max_tokens: 4", "max_tokens: 4, branches: 3"}) {
    UseRestless();
    const std::vector<Record*> records = Records(6);
    Speculate(records, "drafting: sampled, " + options, "max_tokens: 40, rule: greedy");
    EXPECT_EQ(Texts(records), expected);
  }
}

TEST_F(Speculation, GoodDraftsSaveSteps) {
  Use(RestlessModel("target", 0), RestlessModel("small", 0));
  const std::vector<Record*> records = Records(1);
  Speculate(records, "drafting: argmax, max_tokens: 4", "max_tokens: 41, ignore_eos: true");
  EXPECT_EQ(verify_->counter("steps"), 9) << "eight of five, and one";
  EXPECT_EQ(verify_->counter("draft_tokens"), verify_->counter("accepted_tokens"));
  EXPECT_EQ(verify_->counter("accepted_tokens_per_pos/3"), 8);
}

/// The law of the first three tokens after the prompt, by the target's own sampling.
std::vector<double> Law(ScriptedModel& model, const std::vector<int32_t>& prompt, const SamplingParams& params) {
  std::vector<double> law(125);
  Sampler sampler(params);
  const auto row = [&](const std::vector<int32_t>& tokens) {
    auto kv = model.CreateSequence();
    const ForwardItem item{kv->get(), tokens, tokens.size() - 1};
    std::span<const float> logits;
    EXPECT_TRUE(model.Forward({&item, 1}, &logits).ok());
    std::vector<float> p;
    EXPECT_TRUE(sampler.Probabilities(logits, tokens, &p).ok());
    return p;
  };
  for (size_t outcome = 0; outcome < law.size(); ++outcome) {
    std::vector<int32_t> tokens = prompt;
    double p = 1;
    for (const size_t divisor : {25u, 5u, 1u}) {
      const std::vector<float> probabilities = row(tokens);
      tokens.push_back(static_cast<int32_t>(outcome / divisor % 5));
      p *= static_cast<double>(probabilities[static_cast<size_t>(tokens.back())]);
    }
    law[outcome] = p;
  }
  return law;
}

// Two tokens are drafted before the first one is verified; from then on it is known how the record is sampled.
TEST_F(Speculation, DrawnDraftsKeepTheLaw) {
  const std::vector<int32_t> prompt = {0, 1};
  for (const std::string drafting :
       {"max_tokens: 2", "max_tokens: 2, branches: 2, nodes: 6", "max_tokens: 2, min_confidence: 0.6, draft_by: ngram",
        "max_tokens: 2, min_confidence: 0.6, branches: 2, nodes: 6"}) {
    for (const std::string rule : {"rule: lossless", "block: true"}) {
      if (drafting.find("branches") != std::string::npos && rule == "block: true") continue;
      UseRestless(2, 11);
      const SamplingParams params{.temperature = 0.9, .top_k = 4, .repetition_penalty = 1.3};
      std::vector<double> law = Law(static_cast<ScriptedModel&>(*target_), prompt, params);
      std::vector<uint64_t> counts(125);
      for (int batch = 0; batch < 60; ++batch) {
        std::vector<Record*> records;
        for (int i = 0; i < 500; ++i) {
          records.push_back(Begin(std::to_string(batch * 500 + i), prompt));
          records.back()->sampling = std::make_unique<SamplingParams>(params);  // as after a first verification
        }
        Speculate(records, "drafting: sampled, " + drafting, rule + ", max_tokens: 3, ignore_eos: true");
        for (Record* record : records) {
          const std::vector<int32_t>& t = record->generation->tokens();
          ++counts[static_cast<size_t>(t[2] * 25 + t[3] * 5 + t[4])];
          record->ReleasePayloads();
        }
      }
      const Fit fit = CompareCounts(law, counts);
      EXPECT_GT(fit.p_value, 0.001) << drafting << ", " << rule << ": chi-square " << fit.chi_square << " of "
                                    << fit.freedom;
    }
  }
}

TEST_F(Speculation, RecordsBringTheirOwnSettings) {
  UseRestless();
  const auto make = [&] {
    return std::vector<Record*>{
        Begin("a", {0, 1}), Begin("b", {0, 1}, R"(, "sampling": {"temperature": 1.2, "top_k": 3})"),
        Begin("c", {0, 1}, R"(, "sampling": {"allowed_tokens": [1, 3], "logit_bias": {"1": -0.5}})")};
  };
  const std::vector<Record*> plain = make();
  Generate(plain, "max_tokens: 30, ignore_eos: true");
  const std::string expected = Texts(plain);
  for (const char* options : {"drafting: coupled, max_tokens: 3", "drafting: argmax, max_tokens: 3, branches: 3"}) {
    UseRestless();
    const std::vector<Record*> records = make();
    Speculate(records, options, "max_tokens: 30, ignore_eos: true");
    EXPECT_EQ(Texts(records), expected);
    const std::vector<int32_t>& tokens = records[2]->generation->tokens();
    EXPECT_TRUE(std::all_of(tokens.begin() + 2, tokens.end(), [](int32_t t) { return t == 1 || t == 3; }));
  }
}

TEST_F(Speculation, AFaultySettingFailsItsRecordAlone) {
  UseRestless();
  const std::vector<std::pair<const char*, const char*>> faults = {
      {R"("hot")", "field `sampling`: expected an object"},
      {R"({"heat": 1})", "sampling.heat: expected no such key, but temperature"},
      {R"({"temperature": "1"})", "sampling.temperature: expected a number, got \"1\""},
      {R"({"temperature": -1})", "temperature: expected 0 (argmax) or more"},
      {R"({"top_k": 1.5})", "sampling.top_k: expected a whole number"},
      {R"({"allowed_tokens": [9]})", "sampling.allowed_tokens: expected tokens from 0 to 4, got 9"},
      {R"({"allowed_tokens": []})", "a list of one token or more"},
      {R"({"logit_bias": {"x": 1}})", "sampling.logit_bias: expected tokens from 0 to 4, got `x`"}};
  std::vector<Record*> records = {Begin("good", {0})};
  for (const auto& [json, message] : faults)
    records.push_back(Begin("bad", {0}, std::string(", \"sampling\": ") + json));
  auto generate = Stage("generate", "{ model: target, max_tokens: 3, ignore_eos: true }");
  ASSERT_TRUE(generate->Process(records).ok());
  EXPECT_EQ(generate->emitted(0).size(), 1u);
  ASSERT_EQ(generate->failed().size(), faults.size());
  for (size_t i = 0; i < faults.size(); ++i)
    EXPECT_THAT(generate->failed()[i].status.message(), HasSubstr(faults[i].second));
}

TEST_F(Speculation, TheTargetMayDraftForItself) {
  const auto model = RestlessModel("target", 0);
  Use(model, model);
  const std::vector<Record*> plain = Records(4);
  Generate(plain, "max_tokens: 30, temperature: 0.8");
  const std::string expected = Texts(plain);
  for (const std::string options : {"max_tokens: 3", "max_tokens: 3, branches: 2"}) {
    Use(model, model);
    const std::vector<Record*> records = Records(4);
    draft_ = Stage("draft", "{ drafter: model, model: target, target: target, " + options + " }");
    verify_ = Stage("verify", "{ model: target, max_tokens: 30, temperature: 0.8 }");
    for (std::vector<Record*> live = records; !live.empty(); live = verify_->emitted(1)) {
      draft_->ClearOutcome();
      ASSERT_TRUE(draft_->Process(live).ok());
      verify_->ClearOutcome();
      ASSERT_TRUE(verify_->Process(draft_->emitted(0)).ok());
      ASSERT_TRUE(verify_->failed().empty()) << verify_->failed()[0].status.ToString();
    }
    EXPECT_EQ(Texts(records), expected) << options;
  }
}

TEST_F(Speculation, OptionsThatDoNotGoTogetherAreRefused) {
  UseRestless();
  for (const auto& [options, message] : std::vector<std::pair<const char*, const char*>>{
           {"{ drafter: model, target: target }", "model: drafter: model needs the name of a model here"},
           {"{ drafter: model, model: target }", "target: drafter: model needs"},
           {"{ drafter: ngram, model: target }", "model: drafter: ngram does not use it"},
           {"{ drafter: model, model: target, target: target, drafting: coupled, branches: 2 }", "drafting: coupled"},
           {"{ drafter: model, model: target, target: target, draft_by: ngram, branches: 2 }",
            "draft_by: expected a chain, branches: 1, got branches: 2"},
           {"{ drafter: ngram, draft_by: prompt-lookup }", "draft_by: only drafter: model, self-skip, early-exit"},
           {"{ drafter: ngram, min_confidence: 0.5 }", "min_confidence: only drafter: model, self-skip,"},
           {"{ drafter: model, model: target, target: target, draft_by: ngram-store }", "store: drafter ngram-store"},
           {"{ drafter: model, model: target, target: target, draft_by: cascade }", "needs two or more of"}}) {
    const auto refused = host_->Create("draft", options);
    ASSERT_FALSE(refused.ok()) << options;
    EXPECT_THAT(refused.status().message(), HasSubstr(message));
  }
}

TEST_F(Speculation, DraftsStopWhereTheDraftingModelsContextEnds) {
  for (const std::string options : {"max_tokens: 4", "max_tokens: 4, branches: 2"}) {
    UseRestless();
    const std::vector<Record*> plain = Records(3);
    Generate(plain, "max_tokens: 60, ignore_eos: true");
    const std::string expected = Texts(plain);
    Use(RestlessModel("target", 0), RestlessModel("small", 0, 20));
    const std::vector<Record*> records = Records(3);
    Speculate(records, options, "max_tokens: 60, ignore_eos: true");
    EXPECT_EQ(Texts(records), expected);
    EXPECT_GT(draft_->counter("drafts_beyond_context"), 0);
    EXPECT_GT(verify_->counter("accepted_tokens"), 10);
    EXPECT_EQ(draft_->counter("drafts_broken_off"), 0);
  }
}

TEST_F(Speculation, ADraftingModelWithTheLongerContextDraftsToTheTargetsEnd) {
  for (const std::string options :
       {"max_tokens: 6", "max_tokens: 6, branches: 2", "drafting: sampled, max_tokens: 6"}) {
    Use(RestlessModel("target", 0, 24), RestlessModel("small", 0));
    const std::vector<Record*> plain = Records(3);
    Generate(plain, "max_tokens: 60, ignore_eos: true");
    const std::string expected = Texts(plain);
    Use(RestlessModel("target", 0, 24), RestlessModel("small", 0));
    const std::vector<Record*> records = Records(3);
    Speculate(records, options, "max_tokens: 60, ignore_eos: true");
    EXPECT_EQ(Texts(records), expected) << options;
    for (const Record* record : records) {
      EXPECT_EQ(record->generation->tokens().size(), 24u);
      EXPECT_EQ(record->generation->finish(), FinishReason::kLength);
    }
    // The same model: what a chain drafts stands, to the last token that the context holds.
    const double drafted = verify_->counter("draft_tokens"), accepted = verify_->counter("accepted_tokens");
    if (options.find("branches") == std::string::npos) {
      EXPECT_EQ(drafted, accepted) << options;
    }
    EXPECT_GT(accepted, 0) << options;
  }
}

TEST_F(Speculation, ADraftingModelThatBreaksCostsDraftsAndNoText) {
  for (const std::string options :
       {"max_tokens: 4", "max_tokens: 4, branches: 2", "drafting: sampled, max_tokens: 4"}) {
    UseRestless();
    const std::vector<Record*> plain = Records(3);
    Generate(plain, "max_tokens: 30, ignore_eos: true");
    const std::string expected = Texts(plain);
    const auto broken = std::make_shared<ScriptedModel>(
        [](std::span<const int32_t> tokens) {
          return std::vector<float>(5, tokens.size() % 3 == 0 ? std::nanf("") : 1.0f);
        },
        ScriptedModelOptions{.name = "small", .alphabet = "abcd"});
    Use(RestlessModel("target", 0), broken);
    broken->FailSteps(2);
    const std::vector<Record*> records = Records(3);
    Speculate(records, options, "max_tokens: 30, ignore_eos: true");
    EXPECT_EQ(Texts(records), expected) << options;
    EXPECT_GT(draft_->counter("drafts_broken_off"), 2);
  }
}

TEST_F(Speculation, ATargetWithBrokenLogitsFailsTheRecord) {
  Use(std::make_shared<ScriptedModel>([](auto) { return std::vector<float>(5, std::nanf("")); },
                                      ScriptedModelOptions{.name = "target", .alphabet = "abcd"}),
      RestlessModel("small", 0));
  auto draft = Stage("draft", "{ drafter: model, model: small, target: target }");
  auto verify = Stage("verify", "{ model: target }");
  Record* const record = Begin("r", {0});
  ASSERT_TRUE(draft->Process({record}).ok());
  ASSERT_TRUE(verify->Process({record}).ok());
  ASSERT_EQ(verify->failed().size(), 1u);
  EXPECT_THAT(verify->failed()[0].status.message(), HasSubstr("record r, position 1: logits: a value is NaN"));
}

TEST_F(Speculation, DraftsOfAnyLengthAreVerifiedAsFarAsSensible) {
  UseRestless();
  auto verify = Stage("verify", "{ model: target, max_tokens: 200, ignore_eos: true, length: fixed }");
  Record* const chain = Begin("chain", {0});
  chain->draft = std::make_unique<Draft>();
  chain->draft->tokens.assign(10000, 1);
  Record* const tree = Begin("tree", {0});
  tree->draft = std::make_unique<Draft>();
  tree->draft->kind = RETORT_DRAFT_TREE;
  tree->draft->tokens.assign(10000, 1);
  tree->draft->parents.assign(10000, -1);
  Record* const empty = Begin("empty", {0});
  empty->draft = std::make_unique<Draft>();
  ASSERT_TRUE(verify->Process({chain, tree, empty}).ok());
  ASSERT_TRUE(verify->failed().empty()) << verify->failed()[0].status.ToString();
  EXPECT_EQ(verify->emitted(1).size(), 3u);
  EXPECT_EQ(verify->counter("draft_tokens"), 199 + 63);
  EXPECT_EQ(verify->counter("draft_tokens_cut"), 20000 - 199 - 63);
}

TEST_F(Speculation, RelaxedRulesAcceptMore) {
  std::map<std::string, double> accepted;
  for (const std::string rule : {"rule: lossless", "rule: lenient, lenience: 0.5", "rule: lenient, lenience: 0.1",
                                 "rule: typical", "rule: threshold"}) {
    UseRestless(4);
    Speculate(Records(8), "max_tokens: 3", rule + ", max_tokens: 60, ignore_eos: true, temperature: 0.7");
    accepted[rule] = verify_->counter("accepted_tokens") / verify_->counter("draft_tokens");
  }
  EXPECT_GT(accepted["rule: lenient, lenience: 0.5"], accepted["rule: lossless"]);
  EXPECT_GT(accepted["rule: lenient, lenience: 0.1"], accepted["rule: lenient, lenience: 0.5"]);
  EXPECT_GT(accepted["rule: typical"], accepted["rule: lossless"]);
  EXPECT_GT(accepted["rule: threshold"], accepted["rule: lossless"]);
}

class ExactSpeculation : public Speculation, public ::testing::WithParamInterface<int> {
 protected:
  static std::shared_ptr<Model> Load(const std::string& name, const std::string& weights) {
    ModelConfig config;
    config.name = name;
    config.source = WriteTinyModel(TempPath(name + ".gguf"));
    config.precision = Precision::kExact;
    config.weights = weights;
    config.threads = GetParam();
    auto model = Model::Load(config);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    return model.ok() ? *model : nullptr;
  }
};

TEST_P(ExactSpeculation, TextsAreThoseOfPlainDecodingAndKeysThoseOfAPrefill) {
  const auto target = Load("target", "native"), small = Load("small", "q4_0");
  const auto records = [&](size_t count) {
    std::vector<Record*> made;
    for (size_t i = 0; i < count; ++i) {
      std::vector<int32_t> prompt;
      for (size_t t = 0; t < 5 + i * 9 % 80; ++t)
        prompt.push_back(static_cast<int32_t>(RandomBits({i, t, 0, 0}) % 250));
      made.push_back(Begin("r" + std::to_string(i), std::move(prompt)));
    }
    return made;
  };
  const auto same_as_prefill = [](Model& model, const KvSequence& kv) {
    auto fresh = model.CreateSequence();
    const ForwardItem item{fresh->get(), kv.tokens(), kv.length()};
    std::span<const float> logits;
    ASSERT_TRUE(model.Forward({&item, 1}, &logits).ok());
    ASSERT_EQ(Stored(kv), Stored(**fresh));
  };
  for (const std::string temperature : {"0", "0.8"}) {
    const std::string options = "max_tokens: 24, ignore_eos: true, temperature: " + temperature;
    Use(target, small);
    const std::vector<Record*> plain = records(32);
    Generate(plain, options);
    std::map<size_t, std::string> texts;  // by batch; the host's records go with it
    for (const size_t batch : {size_t{1}, size_t{5}, size_t{32}})
      texts[batch] = Texts({plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(batch)});
    for (const auto& [batch, expected] : texts) {
      for (const std::string drafting :
           {"drafting: argmax", "drafting: sampled", "drafting: argmax, branches: 3, nodes: 30",
            "drafting: sampled, branches: 2, nodes: 20"}) {
        if (temperature != "0" && drafting.find("sampled") != std::string::npos) continue;
        for (int length = 1; length <= 16; ++length) {
          if (batch == 32 && length % 5 != 1) continue;
          Use(target, small);
          const std::vector<Record*> made = records(batch);
          Speculate(made, drafting + ", max_tokens: " + std::to_string(length), options, [&](Record* record) {
            if (batch != 5) return;
            for (const auto& [model, kv] : record->kv) {
              const bool of_target = model == target.get();
              EXPECT_TRUE(!of_target || kv->sequence->length() + 1 == record->generation->tokens().size());
              if (kv->sequence->tree().empty()) same_as_prefill(of_target ? *target : *small, *kv->sequence);
            }
          });
          ASSERT_EQ(Texts(made), expected) << drafting << ", length " << length << ", batch " << batch;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ExactSpeculation, ::testing::Values(1, 2));

}  // namespace
}  // namespace retort::testing

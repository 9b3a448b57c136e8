// How often drafts of a model are accepted, through the stages, is what the theory says: sum min(p, q) for a token
// drawn from q, p(argmax q) for the most likely one. Leviathan et al., arXiv 2211.17192, theorem 3.5.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/random.h"
#include "core/model/generation.h"
#include "core/model/sampler.h"
#include "core/plugin/handles.h"
#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"

namespace retort::testing {
namespace {

constexpr size_t kVocab = 5, kRecords = 500, kTokens = 200;

/// Logits that follow the last two tokens; `noise` makes a drafting model of the target.
std::vector<float> LogitsAfter(std::span<const int32_t> tokens, double noise) {
  const auto state = static_cast<uint64_t>(tokens.back() * 7 + tokens[tokens.size() - 2]);
  std::vector<float> logits;
  for (uint64_t token = 0; token < kVocab; ++token) {
    const double logit = RandomUniform({21, state, token, 0}) * 6 + noise * RandomUniform({22, state, token, 0});
    logits.push_back(static_cast<float>(logit));
  }
  return logits;
}

class AcceptanceRate : public ::testing::Test {
 protected:
  AcceptanceRate() : host_(3) {
    for (const char* name : {"draft", "verify"}) {
      EXPECT_TRUE(host_.Load(std::string(RETORT_PLUGIN_FOLDER "/") + name + ".so").ok()) << name;
    }
    for (const bool target : {true, false}) {
      host_.AddModel(std::make_shared<ScriptedModel>(
          [=](std::span<const int32_t> tokens) { return LogitsAfter(tokens, target ? 0 : kNoise); },
          ScriptedModelOptions{.name = target ? "target" : "small", .alphabet = "abcd"}));
    }
  }

  std::vector<float> Law(std::span<const int32_t> tokens, double noise, const SamplingParams& params) const {
    std::vector<float> law;
    EXPECT_TRUE(Sampler(params).Probabilities(LogitsAfter(tokens, noise), tokens, &law).ok());
    return law;
  }

  /// The chance that the record's draft of one token is accepted.
  double Expected(const Record& record, const SamplingParams& params) const {
    const std::vector<int32_t>& tokens = record.generation->tokens();
    const std::vector<float> p = Law(tokens, 0, params);
    if (record.draft->kind == RETORT_DRAFT_POINT_MASS) {
      const std::vector<float> small = LogitsAfter(tokens, kNoise);
      return static_cast<double>(p[static_cast<size_t>(std::max_element(small.begin(), small.end()) - small.begin())]);
    }
    const std::vector<float> q = Law(tokens, kNoise, params);
    double overlap = 0;
    for (size_t i = 0; i < kVocab; ++i) overlap += static_cast<double>(std::min(p[i], q[i]));
    return overlap;
  }

  std::vector<Record*> Begin(const ScriptedModel& model) {
    std::vector<Record*> records;
    for (size_t i = 0; i < kRecords; ++i) {
      Record* const record = host_.NewRecord("{\"id\": \"r" + std::to_string(i) + "\"}");
      record->generation = std::make_unique<Generation>(model.tokenizer(), std::vector<int32_t>{0, 1}, 256);
      record->vocab = kVocab;
      records.push_back(record);
    }
    return records;
  }

  /// Drafts of one token until all records have ended: how many there were, and how many could be expected to stand.
  /// The first ones of all know nothing of the record's settings and are not drawn.
  double Decode(MockStage& draft, MockStage& verify, std::vector<Record*> live, const SamplingParams& params) {
    double expected = 0;
    for (; !live.empty(); live = verify.emitted(1)) {
      draft.ClearOutcome();
      EXPECT_TRUE(draft.Process(live).ok());
      for (const Record* record : draft.emitted(0)) {
        const size_t generated = record->generation->tokens().size() - 2;
        if (generated + 1 < kTokens) expected += Expected(*record, params);  // the last token needs no draft
      }
      verify.ClearOutcome();
      EXPECT_TRUE(verify.Process(draft.emitted(0)).ok());
      EXPECT_TRUE(verify.failed().empty());
    }
    return expected;
  }

  static constexpr double kNoise = 1.2;
  MockHost host_;
};

TEST_F(AcceptanceRate, IsThatOfTheTheoryWithinAHundredth) {
  const ScriptedModel like({}, {.name = "tokens", .alphabet = "abcd"});
  const SamplingParams params{.temperature = 0.8, .top_p = 0.95};
  for (const std::string drafting : {"argmax", "sampled"}) {
    auto draft = host_.Create(
        "draft", "{ drafter: model, model: small, target: target, max_tokens: 1, drafting: " + drafting + " }");
    auto verify = host_.Create("verify",
                               "{ model: target, length: fixed, ignore_eos: true, temperature: 0.8, top_p: 0.95, "
                               "max_tokens: " +
                                   std::to_string(kTokens) + " }");
    ASSERT_TRUE(draft.ok() && verify.ok()) << draft.status().ToString() << verify.status().ToString();
    const double expected = Decode(**draft, **verify, Begin(like), params);
    const double drafts = (*verify)->counter("drafts"), accepted = (*verify)->counter("accepted_tokens");
    ASSERT_EQ(drafts, (*verify)->counter("draft_tokens"));
    ASSERT_GT(drafts, 50000);
    ASSERT_GT(expected / drafts, 0.6) << "of so many drafts a hundredth is then more than three deviations";
    ASSERT_LT(expected / drafts, 0.95) << "models that agree test little";
    EXPECT_NEAR(accepted / expected, 1, 0.01) << drafting;
  }
}

}  // namespace
}  // namespace retort::testing

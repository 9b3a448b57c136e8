// prompt, generate, draft and verify through the plugin ABI, with a model whose law is known exactly.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/base/random.h"
#include "core/model/generation.h"
#include "core/plugin/handles.h"
#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"

namespace retort::testing {
namespace {

const char* const kPlugins[] = {"prompt", "generate", "draft", "verify"};

class DecodingStages : public ::testing::Test {
 protected:
  void Use(std::shared_ptr<ScriptedModel> model, uint64_t seed = 0) {
    model_ = std::move(model);
    host_ = std::make_unique<MockHost>(seed);
    for (const char* name : kPlugins)
      ASSERT_TRUE(host_->Load(std::string(RETORT_PLUGIN_FOLDER "/") + name + ".so").ok()) << name;
    host_->AddModel(model_);
  }

  std::unique_ptr<MockStage> Stage(const std::string& name, const std::string& options) {
    auto stage = host_->Create(name, options);
    EXPECT_TRUE(stage.ok()) << stage.status().ToString();
    return stage.ok() ? *std::move(stage) : nullptr;
  }

  /// A record with its sequence begun.
  Record* Prompted(const std::string& id, const std::string& prompt) {
    auto stage = Stage("prompt", "{ model: scripted }");
    Record* const record = host_->NewRecord(R"({"id": ")" + id + R"(", "prompt": ")" + prompt + R"("})");
    EXPECT_TRUE(stage->Process({record}).ok());
    EXPECT_EQ(stage->emitted(0).size(), 1u) << (stage->failed().empty() ? "" : stage->failed()[0].status.ToString());
    return record;
  }

  /// Decode to the end; `drafts` gives a draft for the tokens so far.
  using Drafter = std::function<std::vector<int32_t>(const std::vector<int32_t>&)>;
  void Speculate(const std::vector<Record*>& records, const std::string& options, const Drafter& drafter) {
    auto verify = Stage("verify", options);
    std::vector<Record*> live = records;
    for (int round = 0; !live.empty() && round < 1000; ++round) {
      for (Record* record : live) {
        record->draft = std::make_unique<Draft>();
        record->draft->tokens = drafter(record->generation->tokens());
      }
      verify->ClearOutcome();
      const Status status = verify->Process(live);
      ASSERT_TRUE(status.ok()) << status.ToString();
      ASSERT_TRUE(verify->failed().empty()) << verify->failed()[0].status.ToString();
      live = verify->emitted(1);
    }
    ASSERT_TRUE(live.empty()) << "decoding does not end";
  }

  void Generate(const std::vector<Record*>& records, const std::string& options) {
    auto stage = Stage("generate", options);
    std::vector<Record*> live = records;
    for (int round = 0; !live.empty() && round < 1000; ++round) {
      stage->ClearOutcome();
      ASSERT_TRUE(stage->Process(live).ok());
      ASSERT_TRUE(stage->failed().empty()) << stage->failed()[0].status.ToString();
      live = stage->emitted(1);
    }
  }

  std::shared_ptr<ScriptedModel> model_;
  std::unique_ptr<MockHost> host_;
};

size_t KvLength(const Record& record) { return record.kv.begin()->second->sequence->length(); }

/// A model of four letters and the end whose next token depends on the last two.
std::shared_ptr<ScriptedModel> RestlessModel() {
  ScriptedModelOptions options;
  options.alphabet = "abcd";
  return std::make_shared<ScriptedModel>(
      [](std::span<const int32_t> tokens) {
        uint64_t state = static_cast<uint64_t>(tokens.back()) * 31 +
                         (tokens.size() > 1 ? static_cast<uint64_t>(tokens[tokens.size() - 2]) : 7);
        std::vector<float> logits;
        for (uint64_t token = 0; token < 5; ++token)
          logits.push_back(static_cast<float>(RandomUniform({9, state, token, 0}) * 4 - (token == 4 ? 3 : 0)));
        return logits;
      },
      options);
}

TEST_F(DecodingStages, GenerateWritesCompletionFinishReasonAndUsage) {
  Use(AlphabetModel());
  Record* const record = Prompted("r", "uvw");
  Generate({record}, "{ model: scripted, max_tokens: 20, block: 4 }");
  EXPECT_EQ(record->json["completion"], "xyz ");
  EXPECT_EQ(record->json["finish_reason"], "stop");
  EXPECT_EQ(record->json["usage"]["prompt_tokens"], 3);
  EXPECT_EQ(record->json["usage"]["completion_tokens"], 5) << "four letters and the end";
}

TEST_F(DecodingStages, LimitsAndStopStringsEndACompletion) {
  Use(AlphabetModel());
  Record* const by_length = Prompted("a", "a");
  Generate({by_length}, "{ model: scripted, max_tokens: 3 }");
  EXPECT_EQ(by_length->json["completion"], "bcd");
  EXPECT_EQ(by_length->json["finish_reason"], "length");
  Record* const by_text = Prompted("b", "a");
  Speculate({by_text}, "{ model: scripted, max_tokens: 30, stop: ['fg'] }", [](const auto& tokens) {
    return std::vector<int32_t>{tokens.back() + 1, tokens.back() + 2, tokens.back() + 3};
  });
  EXPECT_EQ(by_text->json["completion"], "bcde");
  EXPECT_EQ(by_text->json["finish_reason"], "stop");
  Record* const nothing = Prompted("c", "a");
  Generate({nothing}, "{ model: scripted, max_tokens: 0 }");
  EXPECT_EQ(nothing->json["completion"], "");
  EXPECT_EQ(nothing->json["finish_reason"], "length");
}

TEST_F(DecodingStages, VerifiedTextIsThatOfPlainDecodingWhateverIsDrafted) {
  for (const char* const temperature : {"0", "0.7", "1.5"}) {
    for (size_t length = 0; length <= 16; ++length) {
      std::vector<std::string> texts;
      for (const bool speculate : {false, true}) {
        Use(RestlessModel(), 5);
        std::vector<Record*> records;
        for (int i = 0; i < 6; ++i) records.push_back(Prompted("r" + std::to_string(i), "abcd"));
        const std::string options =
            std::string("{ model: scripted, max_tokens: 40, temperature: ") + temperature + " }";
        if (speculate) {
          Speculate(records, options, [&](const auto& tokens) {
            std::vector<int32_t> draft;
            for (size_t i = 0; i < length; ++i)
              draft.push_back(static_cast<int32_t>(RandomBits({3, tokens.size(), i, 0}) % 4));
            return draft;
          });
        } else {
          Generate(records, options);
        }
        std::string all;
        for (Record* record : records) all += record->json["completion"].get<std::string>() + "|";
        texts.push_back(all);
      }
      ASSERT_EQ(texts[0], texts[1]) << "temperature " << temperature << ", draft length " << length;
    }
  }
}

TEST_F(DecodingStages, GoodDraftsSaveStepsAndAreCounted) {
  Use(AlphabetModel());
  Record* const record = Prompted("r", "a");
  record->json["kind"] = "letters";
  auto verify = Stage("verify", "{ model: scripted, max_tokens: 8 }");
  record->draft = std::make_unique<Draft>();
  record->draft->tokens = {1, 2, 3, 25};  // b c d, and a wrong one
  ASSERT_TRUE(verify->Process({record}).ok());
  EXPECT_EQ(record->generation->tokens(), (std::vector<int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(model_->steps(), 1);
  EXPECT_EQ(verify->counter("drafts"), 1);
  EXPECT_EQ(verify->counter("draft_tokens"), 4);
  EXPECT_EQ(verify->counter("accepted_tokens"), 3);
  EXPECT_EQ(verify->counter("accepted_tokens_per_pos/0"), 1);
  EXPECT_EQ(verify->counter("accepted_tokens_per_pos/2"), 1);
  EXPECT_EQ(verify->counter("accepted_tokens_per_pos/3"), 0);
  EXPECT_EQ(verify->samples("acceptance_length"), std::vector<double>{4});
  EXPECT_EQ(verify->samples("acceptance_length/letters"), std::vector<double>{4});
  EXPECT_EQ(KvLength(*record), 4u) << "all but the last token";
}

TEST_F(DecodingStages, StepsAreTimedByRowsAndPromptsApart) {
  Use(AlphabetModel());
  Record* const record = Prompted("r", "a");
  record->json["kind"] = "letters";
  auto verify = Stage("verify", "{ model: scripted, max_tokens: 8, length: fixed }");
  for (const std::vector<int32_t>& tokens : {std::vector<int32_t>{}, {2, 3}, {5, 25}}) {
    record->draft = std::make_unique<Draft>();
    record->draft->tokens = tokens;
    record->draft->drafter = "spelling";
    ASSERT_TRUE(verify->Process({record}).ok());
    verify->ClearOutcome();
  }
  EXPECT_EQ(record->generation->generated_count(), 1u + 3 + 2);
  EXPECT_EQ(verify->counter("steps"), 3);
  EXPECT_EQ(verify->samples("step_seconds/3").size(), 2u) << "the prompt's step is left out";
  EXPECT_EQ(verify->samples("decoded_tokens/1"), (std::vector<double>{3, 2}));
  EXPECT_GT(verify->counter("prompt_seconds"), 0);
  const double steps = verify->samples("step_seconds/3")[0] + verify->samples("step_seconds/3")[1];
  EXPECT_GT(steps, 0);
  EXPECT_GE(verify->counter("loop_seconds"), steps + verify->counter("accept_seconds"));
  EXPECT_EQ(verify->counter("draft_tokens_offered_per_pos/1"), 2);
  EXPECT_EQ(verify->counter("draft_tokens_per_pos/1"), 2);
  EXPECT_EQ(verify->counter("accepted_tokens_per_pos/1"), 1);
  EXPECT_EQ(verify->counter("draft_tokens_per_pos_of_kind/0/letters"), 2);
  EXPECT_EQ(verify->counter("accepted_tokens_of_kind/letters"), 3);
  EXPECT_EQ(verify->counter("drafts/spelling"), 2);
}

/// The law of the first two tokens after "a" under RestlessModel at a temperature, by its own logits.
std::map<std::pair<int32_t, int32_t>, double> PairLaw(ScriptedModel& model, double temperature) {
  const auto law = [&](const std::vector<int32_t>& tokens) {
    auto kv = model.CreateSequence();
    const ForwardItem item{kv->get(), tokens, tokens.size() - 1};
    std::span<const float> logits;
    EXPECT_TRUE(model.Forward({&item, 1}, &logits).ok());
    std::vector<double> p;
    double total = 0;
    for (const float x : logits) total += p.emplace_back(std::exp(x / temperature));
    for (double& x : p) x /= total;
    return p;
  };
  std::map<std::pair<int32_t, int32_t>, double> pairs;
  const auto first = law({0});
  for (int32_t a = 0; a < 5; ++a) {
    if (a == 4) {
      pairs[{4, -1}] += first[4];
      continue;
    }
    const auto second = law({0, a});
    for (int32_t b = 0; b < 5; ++b) pairs[{a, b}] += first[static_cast<size_t>(a)] * second[static_cast<size_t>(b)];
  }
  return pairs;
}

double ChiSquare(const std::map<std::pair<int32_t, int32_t>, double>& law,
                 const std::map<std::pair<int32_t, int32_t>, int>& seen, int n) {
  double chi2 = 0;
  for (const auto& [pair, p] : law) {
    const auto it = seen.find(pair);
    const double count = it == seen.end() ? 0 : it->second;
    chi2 += (count - n * p) * (count - n * p) / (n * p);
  }
  return chi2;
}

TEST_F(DecodingStages, VerifiedTokensHaveTheModelsLawAndAnUnconditionalAcceptIsCaught) {
  constexpr int kRecords = 20000, kBatch = 500;
  for (const double temperature : {0.5, 1.0}) {
    Use(RestlessModel(), 11);
    const auto law = PairLaw(*model_, temperature);
    std::map<std::pair<int32_t, int32_t>, int> seen, forced;
    auto verify =
        Stage("verify", "{ model: scripted, max_tokens: 2, temperature: " + std::to_string(temperature) + " }");
    for (int begin = 0; begin < kRecords; begin += kBatch) {
      std::vector<Record*> records;
      for (int i = begin; i < begin + kBatch; ++i) {
        Record* const record = host_->NewRecord(R"({"id": "r)" + std::to_string(i) + "\"}");
        record->generation = std::make_unique<Generation>(model_->tokenizer(), std::vector<int32_t>{0}, 256);
        record->vocab = 5;
        record->draft = std::make_unique<Draft>();
        record->draft->tokens = {static_cast<int32_t>(RandomBits({1, static_cast<uint64_t>(i), 0, 0}) % 4)};
        records.push_back(record);
      }
      std::vector<Record*> live = records;
      for (int round = 0; round < 3 && !live.empty(); ++round) {
        verify->ClearOutcome();
        ASSERT_TRUE(verify->Process(live).ok());
        ASSERT_TRUE(verify->failed().empty()) << verify->failed()[0].status.ToString();
        live = verify->emitted(1);
        for (Record* record : live) record->draft = std::make_unique<Draft>();
      }
      for (int i = 0; i < kBatch; ++i) {
        const auto& tokens = records[static_cast<size_t>(i)]->generation->tokens();
        const std::pair<int32_t, int32_t> pair{tokens[1], tokens.size() > 2 ? tokens[2] : -1};
        ++seen[pair];
        // The control: take the draft whatever the model says.
        const auto drafted = static_cast<int32_t>(RandomBits({1, static_cast<uint64_t>(begin + i), 0, 0}) % 4);
        ++forced[pair.first == 4 ? pair : std::pair<int32_t, int32_t>{drafted, pair.second}];
      }
    }
    // 20 degrees of freedom: beyond 45 lies 0.1 %.
    EXPECT_LT(ChiSquare(law, seen, kRecords), 45) << "temperature " << temperature;
    EXPECT_GT(ChiSquare(law, forced, kRecords), 1000) << "the test could not fail";
  }
}

TEST_F(DecodingStages, VerifyRefusesWhatItHasNoExactRuleFor) {
  Use(AlphabetModel());
  auto verify = Stage("verify", "{ model: scripted, block: true }");
  Record* const branched = Prompted("s", "a");
  branched->json["sampling"] = {{"temperature", 1}};
  branched->draft = std::make_unique<Draft>();
  branched->draft->kind = RETORT_DRAFT_TREE;
  branched->draft->tokens = {1};
  branched->draft->parents = {-1};
  branched->draft->q.assign(28, 1.0f / 28);
  Record* const wild = Prompted("w", "a");
  wild->draft = std::make_unique<Draft>();
  wild->draft->tokens = {5000};
  Record* const bare = Prompted("b", "a");
  (void)verify->Process({branched, wild, bare});
  ASSERT_EQ(verify->failed().size(), 3u);
  EXPECT_NE(verify->failed()[0].status.message().find("got 5000"), std::string::npos);
  EXPECT_EQ(verify->failed()[1].status.code(), StatusCode::kNotFound) << "no draft";
  EXPECT_NE(verify->failed()[2].status.message().find("got a tree"), std::string::npos)
      << verify->failed()[2].status.ToString();
  const auto greedy = host_->Create("verify", "{ model: scripted, rule: greedy, temperature: 0.5 }");
  ASSERT_FALSE(greedy.ok());
  EXPECT_NE(greedy.status().message().find("rule: lossless"), std::string::npos);
}

TEST_F(DecodingStages, DraftsEndWithTheContext) {
  ScriptedModelOptions options;
  options.context_length = 6;
  Use(AlphabetModel(options));
  Record* const record = Prompted("r", "abcd");
  Speculate({record}, "{ model: scripted, max_tokens: 100 }",
            [](const auto& t) { return std::vector<int32_t>(8, t.back() + 1); });
  EXPECT_EQ(record->json["completion"], "ef");
  EXPECT_EQ(record->json["finish_reason"], "length");
}

TEST_F(DecodingStages, PromptTellsWhatARecordLacks) {
  Use(AlphabetModel());
  auto stage = Stage("prompt", "{ model: scripted }");
  std::vector<Record*> records;
  for (const char* json :
       {R"({"id": "neither"})", R"({"prompt": "a", "messages": []})", R"({"prompt": 7})", R"({"prompt": ""})"}) {
    records.push_back(host_->NewRecord(json));
  }
  records.push_back(host_->NewRecord(R"({"prompt": ")" + std::string(300, 'a') + "\"}"));
  ASSERT_TRUE(stage->Process(records).ok());
  ASSERT_EQ(stage->failed().size(), 5u);
  EXPECT_NE(stage->failed()[0].status.message().find("neither"), std::string::npos);
  EXPECT_NE(stage->failed()[1].status.message().find("both"), std::string::npos);
  EXPECT_EQ(stage->failed()[4].status.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(stage->emitted(0).empty());
}

TEST_F(DecodingStages, DraftersDraftFromTheRecordOrFromTheRun) {
  Use(AlphabetModel());
  auto lookup = Stage("draft", "{ drafter: prompt-lookup, max_tokens: 3 }");
  Record* const repeats = Prompted("r", "abcxyzab");
  Record* const fresh = Prompted("f", "abcdefgh");
  ASSERT_TRUE(lookup->Process({repeats, fresh}).ok());
  EXPECT_EQ(repeats->draft->tokens, (std::vector<int32_t>{2, 23, 24}));
  EXPECT_TRUE(fresh->draft->tokens.empty());
  auto ngram = Stage("draft", "{ drafter: ngram, max_tokens: 3 }");
  Record* const teacher = Prompted("t", "hello world");
  Record* const pupil = Prompted("p", "hel");
  ASSERT_TRUE(ngram->Process({teacher, pupil}).ok());
  EXPECT_EQ(pupil->draft->tokens, (std::vector<int32_t>{11, 14, 26})) << "l, o and the blank";
  EXPECT_FALSE(host_->Create("draft", "{ min_match: 5, max_match: 2 }").ok());
}

}  // namespace
}  // namespace retort::testing

// draft with some of the target's neurons, and verify: the text of plain decoding, and keys and values of the whole
// model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stages/self_drafting_fixture.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

class SparseDrafting : public SelfDrafting {};
class ExactSparseDrafting : public SelfDrafting, public ::testing::WithParamInterface<int> {};

TEST_P(ExactSparseDrafting, TextsAreThoseOfPlainDecodingAndKeysThoseOfAPrefill) {
  const auto plain_target = LoadTiny(GetParam()), target = LoadTiny(GetParam());
  for (const std::string temperature : {"0", "0.8"}) {
    const std::string options = "max_tokens: 24, ignore_eos: true, temperature: " + temperature;
    Use(plain_target);
    std::vector<std::string> plain;  // Use frees records
    for (Record* const record : Generate(8, options)) plain.push_back(Texts(std::span(&record, 1)));
    for (const std::string drafter :
         {"sparsity: coarse, density: 0.6", "sparsity: fine, density: 0.5, drafting: coupled",
          "sparsity: fine, density: 0.4, dense_first: 1, dense_last: 2",
          "sparsity: coarse, density: 0.5, branches: 3, nodes: 20", "sparsity: fine, density: 0.3, branches: 2"}) {
      double accepted = 0, drafted = 0;
      for (const auto& [length, batch] : {std::pair<int, size_t>{1, 8}, {3, 1}, {4, 5}, {9, 8}, {16, 2}}) {
        Use(target);
        const std::vector<Record*> made = Records(batch);
        Speculate(made, "drafter: sparse, " + drafter + ", max_tokens: " + std::to_string(length), options,
                  [&](Record* record) { ExpectAPrefill(*record); });
        for (size_t i = 0; i < batch; ++i) {
          ASSERT_EQ(Texts(std::span(&made[i], 1)), plain[i])
              << drafter << ", length " << length << ", record " << i << " of " << batch;
        }
        accepted += verify_->counter("accepted_tokens");
        drafted += verify_->counter("draft_tokens");
      }
      EXPECT_GT(accepted, 0) << drafter;
      EXPECT_LT(accepted, drafted) << drafter;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Threads, ExactSparseDrafting, ::testing::Values(1, 2));

TEST_F(SparseDrafting, DrawnDraftsAreAcceptedOrReplaced) {
  const auto target = LoadTiny(1);
  for (const std::string drafting : {"drafting: sampled", "drafting: sampled, branches: 2, nodes: 12"}) {
    Use(target);
    const std::vector<Record*> records = Records(5);
    Speculate(records, "drafter: sparse, sparsity: coarse, density: 0.8, max_tokens: 5, " + drafting,
              "max_tokens: 24, ignore_eos: true, temperature: 1", [&](Record* record) { ExpectAPrefill(*record); });
    for (const Record* record : records) EXPECT_EQ(record->generation->generated_count(), 24u);
    EXPECT_GT(verify_->counter("accepted_tokens"), 0);
  }
}

TEST_F(SparseDrafting, TheThresholdRuleKeepsWhatTheWholeModelFindsLikely) {
  const auto target = LoadTiny(1);
  const auto accepted = [&](const std::string& threshold) {
    Use(target);
    const std::vector<Record*> records = Records(4);
    Speculate(records, "drafter: sparse, sparsity: fine, density: 0.5, max_tokens: 7",
              "rule: threshold, threshold: " + threshold + ", max_tokens: 24, ignore_eos: true",
              [&](Record* record) { ExpectAPrefill(*record); });
    return verify_->counter("accepted_tokens") / verify_->counter("draft_tokens");
  };
  const double strict = accepted("0.9"), lenient = accepted("0.0001");
  EXPECT_LT(strict, lenient);
}

TEST_F(SparseDrafting, TheReportNamesIt) {
  Use(LoadTiny(1));
  const std::vector<Record*> records = Records(2);
  auto draft = Stage("draft", "{ target: target, drafter: sparse, sparsity: coarse, max_tokens: 4 }");
  ASSERT_TRUE(draft->Process(records).ok());
  for (const Record* record : records) EXPECT_TRUE(record->draft->tokens.empty());  // the prompt is the target's
  auto verify = Stage("verify", "{ model: target, max_tokens: 8, ignore_eos: true }");
  ASSERT_TRUE(verify->Process(records).ok());
  draft->ClearOutcome();
  ASSERT_TRUE(draft->Process(verify->emitted(1)).ok());
  for (const Record* record : records) {
    EXPECT_EQ(record->draft->drafter, "sparse");
    EXPECT_EQ(record->draft->tokens.size(), 4u);
    const KvSequence& kv = *record->kv.at(target_.get())->sequence;
    EXPECT_EQ(kv.length(), kv.whole_length() + 4);
  }
}

TEST_F(SparseDrafting, SaysWhatIsWrong) {
  Use(LoadTiny(1));
  const std::pair<const char*, const char*> cases[] = {
      {"drafter: sparse", "sparsity: drafter: sparse needs to know how neurons are chosen: coarse or fine"},
      {"drafter: sparse, sparsity: fine, density: 0", "density: expected above 0"},
      {"drafter: sparse, sparsity: fine, density: 1.5", "density"},
      {"drafter: sparse, sparsity: fine, dense_first: 3, dense_last: 2",
       "dense_first and dense_last: expected less than the model's 5 layers together"},
      {"drafter: sparse, sparsity: fine, exit_layer: 2", "exit_layer: only drafter: early-exit uses it"},
      {"drafter: sparse, sparsity: fine, skip_mlp: [1]", "skip_mlp: only drafter: self-skip uses it"},
      {"drafter: early-exit, exit_layer: 2, sparsity: fine", "sparsity: only drafter: sparse uses it"},
      {"drafter: early-exit, exit_layer: 2, dense_last: 1", "dense_last: only drafter: sparse uses it"}};
  for (const auto& [options, part] : cases) EXPECT_THAT(Refusal(options).message(), HasSubstr(part)) << options;
}

}  // namespace
}  // namespace retort::testing

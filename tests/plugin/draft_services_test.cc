// Drafts of every kind through the ABI: how a sequence is sampled, drawing, trees in a step, verification.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/decode/draw_draft.h"
#include "core/model/generation.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"

namespace retort::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const retort_host& Host() { return HostServices(); }
constexpr size_t kVocab = 28;

class DraftServicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const int32_t prompt[] = {0, 1, 2};
    ASSERT_EQ(Host().sequence_begin(handle_, &model_handle_, prompt, 3), RETORT_OK);
    ASSERT_EQ(Host().record_kv(handle_, &model_handle_, &kv_), RETORT_OK);
  }
  std::string Message() { return std::string(ViewOf(Host().last_error())); }
  retort_code SetSampling(double temperature, int32_t top_k = 0) {
    const retort_sampling sampling = {sizeof sampling, top_k, temperature, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0};
    return Host().sequence_set_sampling(handle_, &sampling);
  }
  retort_code Forward(std::vector<int32_t> tokens, const int32_t* parents, size_t first) {
    retort_forward_item item = {sizeof item, static_cast<uint32_t>(first), kv_, tokens.data(), tokens.size(), parents};
    logits_ = {};
    logits_.size = sizeof logits_;
    return Host().model_forward(&model_handle_, &item, 1, &logits_);
  }
  const float* Row(size_t row) const { return static_cast<const float*>(logits_.data) + row * kVocab; }
  const std::vector<int32_t>& Stored() const { return kv_->sequence->tokens(); }

  std::shared_ptr<ScriptedModel> model_ = AlphabetModel();
  retort_model model_handle_{model_};
  MockHost host_;
  Record* const record_ = host_.NewRecord(R"({"id": "r"})");
  retort_record* const handle_ = ToHandle(record_);
  retort_kv* kv_ = nullptr;
  retort_tensor logits_ = {};
};

TEST_F(DraftServicesTest, ATreeIsRunInStepsAndOnePathStays) {
  ASSERT_EQ(Forward({0, 1, 2}, nullptr, 3), RETORT_OK);
  const int32_t first[] = {-1, -1, 1}, more[] = {2, 0};
  ASSERT_EQ(Forward({3, 7, 8}, first, 0), RETORT_OK);
  EXPECT_EQ(Row(2)[9], 10.0f) << "after 8 comes 9";
  ASSERT_EQ(Forward({9, 4}, more, 0), RETORT_OK);
  EXPECT_EQ(Row(0)[10], 10.0f);
  EXPECT_EQ(Host().kv_length(kv_), 8u);
  EXPECT_EQ(Forward({5}, nullptr, 0), RETORT_INVALID_ARGUMENT) << "plain tokens after a tree";
  const int32_t no_path[] = {0, 2}, path[] = {1, 2, 3};
  EXPECT_EQ(Host().kv_keep_path(kv_, no_path, 2), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("node 2 is no child"));
  ASSERT_EQ(Host().kv_keep_path(kv_, path, 3), RETORT_OK);
  EXPECT_THAT(Stored(), ElementsAre(0, 1, 2, 7, 8, 9));
  EXPECT_EQ(Host().kv_keep_path(nullptr, path, 3), RETORT_INVALID_ARGUMENT);
}

TEST_F(DraftServicesTest, WhatTheTokensStillSayIsKept) {
  const auto keep = [&](std::vector<int32_t> tokens) {
    return Host().kv_keep_common(kv_, tokens.data(), tokens.size());
  };
  ASSERT_EQ(Forward({0, 1, 2, 3}, nullptr, 4), RETORT_OK);
  ASSERT_EQ(keep({0, 1, 2, 3, 4}), RETORT_OK);
  EXPECT_THAT(Stored(), ElementsAre(0, 1, 2, 3));
  ASSERT_EQ(keep({0, 1, 2, 3}), RETORT_OK);
  EXPECT_THAT(Stored(), ElementsAre(0, 1, 2)) << "one is left to be run";
  const int32_t parents[] = {-1, -1, 1, 2};
  ASSERT_EQ(Forward({5, 6, 7, 8}, parents, 4), RETORT_OK);
  ASSERT_EQ(keep({0, 1, 2, 6, 7, 9, 9}), RETORT_OK);
  EXPECT_THAT(Stored(), ElementsAre(0, 1, 2, 6, 7)) << "along the tree";
  ASSERT_EQ(Forward({5, 6}, parents, 2), RETORT_OK);
  ASSERT_EQ(keep({0, 9, 9}), RETORT_OK);
  EXPECT_THAT(Stored(), ElementsAre(0));
  ASSERT_EQ(keep({4}), RETORT_OK);
  EXPECT_TRUE(Stored().empty());
  EXPECT_EQ(Host().kv_keep_common(kv_, Stored().data(), 0), RETORT_INVALID_ARGUMENT);
}

TEST_F(DraftServicesTest, ASequenceIsSampledAsItWasFirstSaid) {
  retort_sampling view = {};
  view.size = sizeof view;
  EXPECT_EQ(Host().sequence_sampling(handle_, &view), RETORT_NOT_FOUND);
  int32_t token = -1;
  std::vector<float> logits(kVocab, 0.0f);
  EXPECT_EQ(Host().sample(handle_, nullptr, logits.data(), kVocab, nullptr, 0, 3, &token), RETORT_NOT_FOUND);
  EXPECT_THAT(Message(), HasSubstr("no stage has said yet how its tokens are drawn"));
  record_->json["sampling"] = {{"top_k", 5}, {"logit_bias", {{"3", -1.5}}}, {"allowed_tokens", {3, 4}}};
  ASSERT_EQ(SetSampling(0.5), RETORT_OK);
  ASSERT_EQ(SetSampling(0.9), RETORT_OK) << "ignored";
  ASSERT_EQ(Host().sequence_sampling(handle_, &view), RETORT_OK);
  EXPECT_EQ(view.temperature, 0.5);
  EXPECT_EQ(view.top_k, 5);
  ASSERT_EQ(view.bias_count, 1u);
  EXPECT_EQ(view.bias[0].token, 3);
  EXPECT_EQ(view.bias[0].bias, -1.5f);
  EXPECT_THAT(std::span(view.allowed, view.allowed_count), ElementsAre(3, 4));
  for (uint64_t position = 0; position < 40; ++position) {
    ASSERT_EQ(Host().sample(handle_, nullptr, logits.data(), kVocab, nullptr, 0, position, &token), RETORT_OK);
    EXPECT_TRUE(token == 3 || token == 4) << token;
    int32_t same = -1;
    ASSERT_EQ(Host().sample(handle_, &view, logits.data(), kVocab, nullptr, 0, position, &same), RETORT_OK);
    EXPECT_EQ(same, token) << "the view says the same";
  }
  const int32_t prompt[] = {0};
  ASSERT_EQ(Host().sequence_begin(handle_, &model_handle_, prompt, 1), RETORT_OK);
  EXPECT_EQ(Host().sequence_sampling(handle_, &view), RETORT_NOT_FOUND) << "a new sequence";
}

TEST_F(DraftServicesTest, DraftsAreDrawnByTheSequencesOwnSampling) {
  std::vector<float> wide(kVocab + 4, 0.0f), q(kVocab), other(kVocab);
  for (size_t i = 0; i < kVocab; ++i) wide[i] = static_cast<float>(i % 5);
  wide.back() = 100;  // a row of padding
  retort_draft_draw draw = {sizeof draw, 0, wide.data(), wide.size(), nullptr, 0, nullptr, 0};
  int32_t token = -1;
  EXPECT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_NOT_FOUND);
  ASSERT_EQ(SetSampling(1, 6), RETORT_OK);
  ASSERT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_OK);
  EXPECT_GT(q[static_cast<size_t>(token)], 0);
  Sampler sampler({.temperature = 1, .top_k = 6});
  ASSERT_TRUE(sampler.Probabilities(std::span(wide).first(kVocab), {}, &other).ok());
  EXPECT_EQ(q, other) << "the padding is left out";
  std::vector<int32_t> siblings = {token};
  for (draw.index = 1;; ++draw.index) {
    draw.siblings = siblings.data();
    draw.sibling_count = siblings.size();
    ASSERT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_OK);
    if (token < 0) break;
    EXPECT_EQ(q[static_cast<size_t>(siblings.back())], 0);
    siblings.push_back(token);
  }
  EXPECT_EQ(siblings.size(), 6u) << "top_k";
  siblings = {99};
  draw.siblings = siblings.data();
  draw.sibling_count = 1;
  EXPECT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_INVALID_ARGUMENT);
  draw.sibling_count = 0;
  wide[3] = std::nanf("");
  EXPECT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_INTERNAL);
  draw.size = 4;
  EXPECT_EQ(Host().draft_draw(handle_, &draw, q.data(), &token), RETORT_INVALID_ARGUMENT);
}

TEST_F(DraftServicesTest, AVerdictNamesWhatStandsAndWhatFollows) {
  ASSERT_EQ(SetSampling(0), RETORT_OK);
  const int32_t tokens[] = {9, 3, 4, 9}, parents[] = {-1, -1, 1, 2};
  const retort_draft draft = {
      sizeof draft, RETORT_DRAFT_TREE, tokens, 4, parents, nullptr, ToAbi("hand"), 0, 0, 0, 0, 0};
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  ASSERT_EQ(Forward({0, 1}, nullptr, 2), RETORT_OK);
  const int32_t trunk_and_tree[] = {-1, 0, 0, 2, 3};
  ASSERT_EQ(Forward({2, 9, 3, 4, 9}, trunk_and_tree, 0), RETORT_OK);
  retort_acceptance rule = {sizeof rule, RETORT_RULE_LOSSLESS, 0, 0, 1, 0.09, 0.3, 0.1, 0.6};
  retort_verdict verdict = {};
  verdict.size = sizeof verdict;
  ASSERT_EQ(Host().draft_verify(handle_, &rule, Row(0), 5, kVocab, &verdict), RETORT_OK) << Message();
  EXPECT_THAT(std::span(verdict.path, verdict.path_count), ElementsAre(1, 2));
  EXPECT_THAT(std::span(verdict.tokens, verdict.token_count), ElementsAre(3, 4, 5));
  ASSERT_EQ(Host().draft_verify(handle_, &rule, Row(0), 3, kVocab, &verdict), RETORT_OK)
      << "the first two tokens alone";
  EXPECT_THAT(std::span(verdict.tokens, verdict.token_count), ElementsAre(3, 4));
  EXPECT_EQ(record_->generation->tokens().size(), 3u) << "nothing is committed";

  const auto refused = [&](size_t rows, size_t vocab) {
    EXPECT_NE(Host().draft_verify(handle_, &rule, Row(0), rows, vocab, &verdict), RETORT_OK);
    return Message();
  };
  EXPECT_THAT(refused(0, kVocab), HasSubstr("rows: expected 1 to 5"));
  EXPECT_THAT(refused(6, kVocab), HasSubstr("rows: expected 1 to 5"));
  EXPECT_THAT(refused(5, 27), HasSubstr("vocab: expected that of the sequence, 28, got 27"));
  rule.rule = 9;
  EXPECT_THAT(refused(5, kVocab), HasSubstr("rule: expected 1 (greedy) to 5 (threshold)"));
  rule = {sizeof rule, RETORT_RULE_LENIENT, 0, 0, 2, 0.09, 0.3, 0.1, 0.6};
  EXPECT_THAT(refused(5, kVocab), HasSubstr("lenience"));
  rule.size = 8;
  EXPECT_THAT(refused(5, kVocab), HasSubstr("retort_acceptance.size: expected 56 or more, got 8"));
  rule = {sizeof rule, RETORT_RULE_LOSSLESS, 0, 0, 1, 0.09, 0.3, 0.1, 0.6};
  Host().draft_clear(handle_);
  EXPECT_THAT(refused(1, kVocab), HasSubstr("carries no draft"));
}

TEST_F(DraftServicesTest, WhatIsAskedOfADraftIsAnsweredAcceptedOrNot) {
  ASSERT_EQ(SetSampling(0), RETORT_OK);
  const int32_t tokens[] = {9, 3, 4, 9}, parents[] = {-1, -1, 1, 2}, asked[] = {3, -1, 0, 2}, beyond[] = {0, 4};
  const retort_draft draft = {
      sizeof draft, RETORT_DRAFT_TREE, tokens, 4, parents, nullptr, ToAbi("hand"), 0, 0, 0, 0, 0};
  const retort_acceptance rule = {sizeof rule, RETORT_RULE_LOSSLESS, 0, 0, 1, 0.09, 0.3, 0.1, 0.6};
  retort_verdict verdict = {};
  verdict.size = sizeof verdict;
  const int32_t* answers = nullptr;
  size_t count = 0;
  EXPECT_EQ(Host().draft_ask(handle_, asked, 4), RETORT_NOT_FOUND);
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  EXPECT_EQ(Host().draft_ask(handle_, beyond, 2), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("nodes[1]: expected -1 (the sequence's end) to 3 (the draft's last token), got 4"));
  ASSERT_EQ(Host().draft_ask(handle_, asked, 4), RETORT_OK);
  EXPECT_EQ(Host().draft_answers(handle_, &answers, &count), RETORT_NOT_FOUND) << "not verified yet";
  ASSERT_EQ(Forward({0, 1}, nullptr, 2), RETORT_OK);
  const int32_t trunk_and_tree[] = {-1, 0, 0, 2, 3};
  ASSERT_EQ(Forward({2, 9, 3, 4, 9}, trunk_and_tree, 0), RETORT_OK);
  std::vector<float> rows(Row(0), Row(5));
  ASSERT_EQ(Host().draft_verify(handle_, &rule, rows.data(), 5, kVocab, &verdict), RETORT_OK) << Message();
  ASSERT_EQ(Host().draft_clear(handle_), RETORT_OK);
  ASSERT_EQ(Host().draft_answers(handle_, &answers, &count), RETORT_OK) << "also without the draft";
  EXPECT_THAT(std::span(answers, count), ElementsAre(10, 3, 10, 5)) << "the next letter of each";

  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  EXPECT_EQ(Host().draft_answers(handle_, &answers, &count), RETORT_NOT_FOUND) << "of the draft before";
  ASSERT_EQ(Host().draft_ask(handle_, asked, 4), RETORT_OK);
  rows[kVocab] = std::nanf("");  // after token 0, which is not accepted
  ASSERT_EQ(Host().draft_verify(handle_, &rule, rows.data(), 4, kVocab, &verdict), RETORT_OK) << Message();
  ASSERT_EQ(Host().draft_answers(handle_, &answers, &count), RETORT_OK);
  EXPECT_THAT(std::span(answers, count), ElementsAre(-1, 3, -1, 5)) << "one was not run, one gave no token";
}

TEST_F(DraftServicesTest, AnswersAreDrawnAsPlainDecodingWould) {
  ASSERT_EQ(SetSampling(2), RETORT_OK);
  const std::vector<float> flat(kVocab * 3, 0.0f);
  const int32_t chain[] = {9, 9}, asked[] = {-1, 0, 1};
  const retort_draft draft = {
      sizeof draft, RETORT_DRAFT_POINT_MASS, chain, 2, nullptr, nullptr, ToAbi("hand"), 0, 0, 0, 0, 0};
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  ASSERT_EQ(Host().draft_ask(handle_, asked, 3), RETORT_OK);
  const retort_acceptance rule = {sizeof rule, RETORT_RULE_LOSSLESS, 0, 0, 1, 0.09, 0.3, 0.1, 0.6};
  retort_verdict verdict = {};
  verdict.size = sizeof verdict;
  ASSERT_EQ(Host().draft_verify(handle_, &rule, flat.data(), 3, kVocab, &verdict), RETORT_OK) << Message();
  const int32_t* answers = nullptr;
  size_t count = 0;
  ASSERT_EQ(Host().draft_answers(handle_, &answers, &count), RETORT_OK);
  ASSERT_EQ(count, 3u);
  for (size_t i = 0; i < count; ++i) {
    int32_t token = -1;
    ASSERT_EQ(Host().sample(handle_, nullptr, flat.data(), kVocab, nullptr, 0, 3 + i, &token), RETORT_OK);
    EXPECT_EQ(answers[i], token) << "position " << 3 + i;
  }
  EXPECT_EQ(answers[verdict.path_count], verdict.tokens[verdict.token_count - 1]);
}

TEST_F(DraftServicesTest, ModelsHaveTheSameTokensOrAreToldApart) {
  retort_model same{AlphabetModel({.name = "same"})}, shorter{AlphabetModel({.name = "shorter", .alphabet = "abx"})};
  EXPECT_EQ(Host().model_same_tokens(&model_handle_, &same), RETORT_OK);
  EXPECT_EQ(Host().model_same_tokens(&model_handle_, &shorter), RETORT_UNSUPPORTED);
  EXPECT_EQ(Message(),
            "model `scripted` and model `shorter`: the tokens are not the same: token 2 is \"c\" and \"x\" (28 and 4 "
            "tokens)");
}

TEST_F(DraftServicesTest, ATokenSaysItsTextAndWhatItIs) {
  retort_token token = {};
  token.size = sizeof token;
  ASSERT_EQ(Host().model_token(&model_handle_, 2, &token), RETORT_OK) << Message();
  EXPECT_EQ(ViewOf(token.text), "c");
  EXPECT_EQ(token.flags, 0u);
  ASSERT_EQ(Host().model_token(&model_handle_, kVocab - 1, &token), RETORT_OK);
  EXPECT_EQ(token.flags, uint32_t{RETORT_TOKEN_SPECIAL | RETORT_TOKEN_END});
  for (const int32_t none : {-1, static_cast<int32_t>(kVocab)}) {
    EXPECT_EQ(Host().model_token(&model_handle_, none, &token), RETORT_INVALID_ARGUMENT);
    EXPECT_THAT(Message(), HasSubstr("expected a token from 0 to 27, got " + std::to_string(none)));
  }
  token.size = 8;
  EXPECT_EQ(Host().model_token(&model_handle_, 0, &token), RETORT_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace retort::testing

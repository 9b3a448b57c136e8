// Sequences, drafts and model steps through the ABI, with a scripted model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

class ServicesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(Begin({0, 1, 2}), RETORT_OK); }
  retort_code Begin(std::vector<int32_t> prompt) {
    return Host().sequence_begin(handle_, &model_handle_, prompt.data(), prompt.size());
  }
  std::string Message() { return std::string(ViewOf(Host().last_error())); }
  static retort_draft DraftOf(const std::vector<int32_t>& tokens) {
    return {sizeof(retort_draft),
            RETORT_DRAFT_POINT_MASS,
            tokens.data(),
            tokens.size(),
            nullptr,
            nullptr,
            ToAbi("ngram"),
            0,
            0,
            0,
            0,
            0};
  }

  std::shared_ptr<ScriptedModel> model_ = AlphabetModel();
  retort_model model_handle_{model_};
  MockHost host_;
  Record* const record_ = host_.NewRecord(R"({"id": "r"})");
  retort_record* const handle_ = ToHandle(record_);
};

TEST_F(ServicesTest, CommitNeedsLimitsAndTokensOfTheVocabulary) {
  const int32_t tokens[] = {3, 4};
  size_t committed = 99;
  retort_finish finish = 99;
  EXPECT_EQ(Host().sequence_commit(handle_, tokens, 2, &committed, &finish), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("sequence_commit before sequence_set_limits"));
  const retort_limits limits = {sizeof limits, 3, nullptr, 0, 0, 0};
  ASSERT_EQ(Host().sequence_set_limits(handle_, &limits), RETORT_OK);
  const int32_t wild[] = {3, 28};
  EXPECT_EQ(Host().sequence_commit(handle_, wild, 2, &committed, &finish), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("tokens[1]: expected a token from 0 to 27, got 28"));
  ASSERT_EQ(Host().sequence_commit(handle_, tokens, 2, &committed, &finish), RETORT_OK);
  EXPECT_EQ(committed, 2u);
  EXPECT_EQ(finish, RETORT_FINISH_NONE);
  ASSERT_EQ(Host().sequence_commit(handle_, tokens, 2, &committed, &finish), RETORT_OK);
  EXPECT_EQ(committed, 1u) << "the limit is three";
  EXPECT_EQ(finish, RETORT_FINISH_LENGTH);
}

TEST_F(ServicesTest, LimitsAreSetOnce) {
  const retort_limits first = {sizeof first, 3, nullptr, 0, 0, 0}, second = {sizeof second, 9, nullptr, 0, 0, 0};
  ASSERT_EQ(Host().sequence_set_limits(handle_, &first), RETORT_OK);
  ASSERT_EQ(Host().sequence_set_limits(handle_, &second), RETORT_OK);
  retort_sequence_view view = {};
  view.size = sizeof view;
  ASSERT_EQ(Host().sequence_view(handle_, &view), RETORT_OK);
  EXPECT_EQ(view.max_tokens, 3);
  EXPECT_EQ(view.prompt_count, 3u);
}

TEST_F(ServicesTest, FinishBeforeTheEndIsRefused) {
  EXPECT_EQ(Host().sequence_finish(handle_), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("before an end token"));
  EXPECT_FALSE(record_->json.contains("completion"));
}

TEST_F(ServicesTest, BeginAnewStartsOver) {
  const std::vector<int32_t> tokens = {3};
  const retort_draft draft = DraftOf(tokens);
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  retort_kv* kv = nullptr;
  ASSERT_EQ(Host().record_kv(handle_, &model_handle_, &kv), RETORT_OK);
  retort_forward_item item = {sizeof item, 1, kv, tokens.data(), 1, nullptr};
  retort_tensor logits = {};
  logits.size = sizeof logits;
  ASSERT_EQ(Host().model_forward(&model_handle_, &item, 1, &logits), RETORT_OK);
  EXPECT_EQ(logits.shape[0], 0);
  EXPECT_EQ(Host().kv_length(kv), 1u);
  ASSERT_EQ(Begin({5}), RETORT_OK);
  EXPECT_EQ(Host().kv_length(kv), 0u);
  retort_draft view = {};
  view.size = sizeof view;
  EXPECT_EQ(Host().draft_view(handle_, &view), RETORT_NOT_FOUND);
  EXPECT_EQ(Begin({28}), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(record_->generation->tokens().size(), 1u) << "a refused begin changes nothing";
}

TEST_F(ServicesTest, DraftsAreCopiedAndChecked) {
  std::vector<int32_t> tokens = {3, 4};
  retort_draft draft = DraftOf(tokens);
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  tokens = {9, 9};
  retort_draft view = {};
  view.size = sizeof view;
  ASSERT_EQ(Host().draft_view(handle_, &view), RETORT_OK);
  EXPECT_THAT(std::span(view.tokens, view.token_count), ElementsAre(3, 4));
  EXPECT_EQ(ViewOf(view.drafter), "ngram");
  EXPECT_EQ(view.q, nullptr);

  draft.kind = RETORT_DRAFT_TREE;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  const int32_t parents[] = {-1, 1};
  draft.parents = parents;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("draft.parents[1]: expected -1 or an earlier index, got 1"));
  const int32_t good[] = {-1, 0};
  draft.parents = good;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  ASSERT_EQ(Host().draft_view(handle_, &view), RETORT_OK);
  EXPECT_THAT(std::span(view.parents, 2), ElementsAre(-1, 0));

  draft.kind = RETORT_DRAFT_SAMPLED;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  std::vector<float> q(2 * 28, 0.5f);
  draft.q = q.data();
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("record r: draft.q[0]: expected probabilities that sum to 1, got a sum of 14.0"));
  std::fill(q.begin(), q.end(), 1.0f / 28);
  q[9] = 0;
  q[8] = 2.0f / 28;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("draft.q[0]: the token 9 has q = 0"));
  std::fill(q.begin(), q.end(), 1.0f / 28);
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  EXPECT_EQ(record_->draft->q.size(), q.size());
  draft.kind = 4;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  for (const int32_t none : {-1, 28}) {
    const int32_t wild[] = {3, none};
    draft = DraftOf({});
    draft.tokens = wild;
    draft.token_count = 2;
    EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
    EXPECT_THAT(Message(), HasSubstr("draft.tokens[1]: expected a token from 0 to 27, got " + std::to_string(none)));
  }
  draft.size = 8;
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("retort_draft.size: expected 88 or more, got 8"));
  EXPECT_EQ(Host().draft_clear(handle_), RETORT_OK);
  EXPECT_EQ(Host().draft_view(handle_, &view), RETORT_NOT_FOUND);
}

TEST_F(ServicesTest, TakesViewsOfTheRecordItself) {
  const std::vector<int32_t> tokens = {3, 4, 5};
  retort_draft draft = DraftOf(tokens);
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  retort_draft own = {};
  own.size = sizeof own;
  ASSERT_EQ(Host().draft_view(handle_, &own), RETORT_OK);
  ++own.tokens;
  own.token_count = 2;
  ASSERT_EQ(Host().draft_set(handle_, &own), RETORT_OK);
  EXPECT_THAT(record_->draft->tokens, ElementsAre(4, 5));
  EXPECT_EQ(record_->draft->drafter, "ngram");

  const retort_limits limits = {sizeof limits, 100, nullptr, 0, 0, 0};
  ASSERT_EQ(Host().sequence_set_limits(handle_, &limits), RETORT_OK);
  for (size_t length = 3; length < 80; length *= 2) {
    retort_sequence_view view = {};
    view.size = sizeof view;
    ASSERT_EQ(Host().sequence_view(handle_, &view), RETORT_OK);
    ASSERT_EQ(view.token_count, length);
    size_t committed = 0;
    retort_finish finish = RETORT_FINISH_NONE;
    ASSERT_EQ(Host().sequence_commit(handle_, view.tokens, view.token_count, &committed, &finish), RETORT_OK);
    EXPECT_EQ(committed, length);
  }
  for (size_t i = 0; i < 96; ++i) EXPECT_EQ(record_->generation->tokens()[i], static_cast<int32_t>(i % 3));
}

TEST_F(ServicesTest, AnEmptyDraftIsADraft) {
  const retort_draft draft = DraftOf({});
  ASSERT_EQ(Host().draft_set(handle_, &draft), RETORT_OK);
  retort_draft view = {};
  view.size = sizeof view;
  ASSERT_EQ(Host().draft_view(handle_, &view), RETORT_OK);
  EXPECT_EQ(view.token_count, 0u);
}

TEST_F(ServicesTest, ForksShareAndPart) {
  retort_kv *kv = nullptr, *fork = nullptr;
  ASSERT_EQ(Host().record_kv(handle_, &model_handle_, &kv), RETORT_OK);
  const int32_t tokens[] = {0, 1, 2};
  retort_forward_item item = {sizeof item, 2, kv, tokens, 3, nullptr};
  retort_tensor logits = {};
  logits.size = sizeof logits;
  ASSERT_EQ(Host().model_forward(&model_handle_, &item, 1, &logits), RETORT_OK);
  ASSERT_EQ(Host().kv_fork(kv, &fork), RETORT_OK);
  EXPECT_EQ(model_->pages_in_use(), 1u) << "shared";
  const int32_t other[] = {9};
  item = {sizeof item, 0, fork, other, 1, nullptr};
  ASSERT_EQ(Host().model_forward(&model_handle_, &item, 1, &logits), RETORT_OK);
  EXPECT_EQ(static_cast<const float*>(logits.data)[10], 10.0f);
  EXPECT_EQ(Host().kv_length(fork), 4u);
  EXPECT_EQ(Host().kv_length(kv), 3u);
  EXPECT_EQ(model_->pages_in_use(), 2u) << "parted by writing";
  EXPECT_EQ(Host().kv_truncate(kv, 4), RETORT_INVALID_ARGUMENT);
  ASSERT_EQ(Host().kv_truncate(kv, 1), RETORT_OK);
  item = {sizeof item, 0, kv, other, 1, nullptr};
  ASSERT_EQ(Host().model_forward(&model_handle_, &item, 1, &logits), RETORT_OK);
  EXPECT_EQ(Host().kv_length(kv), 2u);
  Host().kv_free(kv);
  EXPECT_THAT(Message(), HasSubstr("belongs to its record"));
  Host().kv_free(fork);
  EXPECT_EQ(model_->pages_in_use(), 1u);
}

TEST_F(ServicesTest, ABatchGivesRowsInOrderOfItems) {
  retort_kv *kv = nullptr, *fork = nullptr;
  ASSERT_EQ(Host().record_kv(handle_, &model_handle_, &kv), RETORT_OK);
  ASSERT_EQ(Host().kv_fork(kv, &fork), RETORT_OK);
  const int32_t first[] = {0, 4}, second[] = {6};
  const retort_forward_item items[] = {{sizeof(retort_forward_item), 0, kv, first, 2, nullptr},
                                       {sizeof(retort_forward_item), 0, fork, second, 1, nullptr}};
  retort_tensor logits = {};
  logits.size = sizeof logits;
  ASSERT_EQ(Host().model_forward(&model_handle_, items, 2, &logits), RETORT_OK);
  ASSERT_EQ(logits.shape[0], 3);
  ASSERT_EQ(logits.shape[1], 28);
  EXPECT_EQ(logits.stride[0], 28);
  EXPECT_EQ(logits.rank, 2);
  const auto* rows = static_cast<const float*>(logits.data);
  EXPECT_EQ(rows[1], 10.0f);
  EXPECT_EQ(rows[28 + 5], 10.0f);
  EXPECT_EQ(rows[56 + 7], 10.0f);
  Host().kv_free(fork);
}

TEST_F(ServicesTest, AStepIsChecked) {
  retort_kv* kv = nullptr;
  ASSERT_EQ(Host().record_kv(handle_, &model_handle_, &kv), RETORT_OK);
  const auto other = AlphabetModel({.name = "other", .alphabet = "abc", .context_length = 256});
  retort_model other_handle{other};
  const int32_t tokens[] = {0, 1};
  const int32_t wild[] = {0, -7};
  retort_tensor logits = {};
  logits.size = sizeof logits;
  const auto refused = [&](retort_model* model, retort_forward_item item, const char* message) {
    EXPECT_EQ(Host().model_forward(model, &item, 1, &logits), RETORT_INVALID_ARGUMENT) << message;
    EXPECT_THAT(Message(), HasSubstr(message));
    EXPECT_EQ(Host().kv_length(kv), 0u);
  };
  constexpr uint32_t kSize = sizeof(retort_forward_item);
  refused(&other_handle, {kSize, 0, kv, tokens, 2, nullptr},
          "items[0].kv: it belongs to model `scripted`, the step is of model `other`");
  refused(&model_handle_, {kSize, 0, nullptr, tokens, 2, nullptr}, "items[0].kv: expected a sequence, got null");
  refused(&model_handle_, {kSize, 0, kv, nullptr, 2, nullptr}, "items[0].tokens: expected at least one token");
  refused(&model_handle_, {kSize, 0, kv, tokens, 0, nullptr}, "items[0].tokens: expected at least one token");
  refused(&model_handle_, {kSize, 3, kv, tokens, 2, nullptr}, "items[0].logits_first: expected 0 to 2, got 3");
  refused(&model_handle_, {kSize, 0, kv, wild, 2, nullptr}, "tokens[1]: expected a token from 0 to 27, got -7");
  refused(&model_handle_, {8, 0, kv, tokens, 2, nullptr}, "retort_forward_item.size: expected 40 or more, got 8");
  logits.size = 4;
  refused(&model_handle_, {kSize, 0, kv, tokens, 2, nullptr}, "retort_tensor.size: expected 104 or more, got 4");
}

}  // namespace
}  // namespace retort::testing

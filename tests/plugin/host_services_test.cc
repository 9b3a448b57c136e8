// The host's table against plugins that hand in nonsense: every function says what is wrong and none crashes.
#include "core/plugin/host_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/testing/mock_host.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const retort_host& Host() { return HostServices(); }
std::string Message() { return std::string(ViewOf(Host().last_error())); }

TEST(HostServices, FillsEveryFunction) {
  EXPECT_EQ(Host().size, sizeof(retort_host));
  EXPECT_EQ(Host().abi_version, RETORT_ABI_VERSION);
  void* functions[(sizeof(retort_host) - 8) / sizeof(void*)];
  std::memcpy(functions, reinterpret_cast<const char*>(&Host()) + 8, sizeof functions);
  for (size_t i = 0; i < std::size(functions); ++i) EXPECT_NE(functions[i], nullptr) << "function " << i;
}

TEST(HostServices, RefusesNullEverywhere) {
  const retort_string name = ToAbi("x");
  int32_t i32 = 0;
  int64_t i64 = 0;
  double f64 = 0;
  retort_string text = {};
  const retort_string* list = nullptr;
  size_t count = 0;
  retort_model* model = nullptr;
  retort_record* record = nullptr;
  retort_kv* kv = nullptr;
  const int32_t* tokens = nullptr;
  const retort_host& h = Host();
  EXPECT_EQ(h.config_bool(nullptr, name, &i32), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("config: expected a pointer, got null"));
  EXPECT_EQ(h.config_int(nullptr, name, &i64), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.config_float(nullptr, name, &f64), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.config_string(nullptr, name, &text), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.config_list(nullptr, name, &list, &count), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.config_model(nullptr, name, &model), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.config_stage_name(nullptr).length, 0u);
  EXPECT_EQ(h.context_emit(nullptr, 0, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.context_complete(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.context_fail(nullptr, nullptr, RETORT_INTERNAL, name), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.context_skip(nullptr, nullptr, name), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.context_cancelled(nullptr), 0);
  EXPECT_EQ(h.context_create_record(nullptr, name, 1, &record), RETORT_INVALID_ARGUMENT);
  h.metric_count(nullptr, name, 1);
  h.metric_sample(nullptr, name, 1);
  EXPECT_EQ(h.record_id(nullptr).length, 0u);
  EXPECT_EQ(h.record_get_string(nullptr, name, &text), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_get_json(nullptr, name, &text), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_set_string(nullptr, name, name), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_set_json(nullptr, name, name), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_attach(nullptr, name, &i32, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_attachment(nullptr, name), nullptr);
  EXPECT_EQ(h.model_info(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.model_tokenize(nullptr, name, 0, &tokens, &count), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.model_detokenize(nullptr, nullptr, 0, &text), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.model_apply_chat_template(nullptr, name, &text), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.model_forward(nullptr, nullptr, 1, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.record_kv(nullptr, nullptr, &kv), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.kv_length(nullptr), 0u);
  EXPECT_EQ(h.kv_truncate(nullptr, 0), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.kv_fork(nullptr, &kv), RETORT_INVALID_ARGUMENT);
  h.kv_free(nullptr);
  EXPECT_EQ(h.sequence_begin(nullptr, nullptr, nullptr, 0), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.sequence_set_limits(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.sequence_view(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.sequence_commit(nullptr, nullptr, 0, &count, &i32), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.sequence_finish(nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.draft_set(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.draft_view(nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.draft_clear(nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.sample(nullptr, nullptr, nullptr, 0, nullptr, 0, 0, &i32), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.distribution(nullptr, nullptr, 0, nullptr, 0, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(h.random_uniform(nullptr, name, 0, 0), 0);
  h.log(99, ToAbi("a level that there is not"));
}

TEST(HostServices, ErrorsAreOfTheThread) {
  EXPECT_EQ(Host().set_error(RETORT_DATA_LOSS, ToAbi("mine")), RETORT_DATA_LOSS);
  std::string other = "not run";
  std::thread([&] { other = Message(); }).join();
  EXPECT_THAT(other, IsEmpty());
  EXPECT_EQ(Message(), "mine");
}

TEST(HostServices, SetErrorTakesOnlyErrors) {
  EXPECT_EQ(Host().set_error(RETORT_OK, ToAbi("fine")), RETORT_INTERNAL);
  EXPECT_THAT(Message(), HasSubstr("set_error with code 0, which is no error: fine"));
  EXPECT_EQ(Host().set_error(77, {nullptr, 3}), RETORT_INTERNAL);
}

class RecordServicesTest : public ::testing::Test {
 protected:
  retort_string Json(std::string_view key) {
    retort_string json = {};
    EXPECT_EQ(Host().record_get_json(handle_, ToAbi(key), &json), RETORT_OK);
    return json;
  }
  MockHost host_;
  Record* const record_ = host_.NewRecord(R"({"id": "r", "a": "text", "list": [1, 2], "n": 3})");
  retort_record* const handle_ = ToHandle(record_);
};

TEST_F(RecordServicesTest, ViewsLiveUntilTheRecordChanges) {
  const retort_string list = Json("list"), all = Json(""), number = Json("n");
  EXPECT_EQ(ViewOf(list), "[1,2]");
  EXPECT_EQ(ViewOf(all), R"({"id":"r","a":"text","list":[1,2],"n":3})");
  EXPECT_EQ(ViewOf(number), "3");
  EXPECT_EQ(Json("list").data, list.data) << "asked again, the same view";
  ASSERT_EQ(Host().record_set_json(handle_, ToAbi("list"), ToAbi("{\"x\": null}")), RETORT_OK);
  EXPECT_EQ(ViewOf(Json("list")), R"({"x":null})");
}

TEST_F(RecordServicesTest, AFieldMayBeSetFromItself) {
  retort_string value = {};
  ASSERT_EQ(Host().record_get_string(handle_, ToAbi("a"), &value), RETORT_OK);
  ASSERT_EQ(Host().record_set_string(handle_, ToAbi("a"), {value.data + 1, 2}), RETORT_OK);
  EXPECT_EQ(record_->json["a"], "ex");
}

TEST_F(RecordServicesTest, RefusesWhatJsonCannotHold) {
  EXPECT_EQ(Host().record_set_string(handle_, ToAbi("a"), ToAbi("\xff")), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("value: invalid UTF-8 at byte 0"));
  EXPECT_EQ(Host().record_set_string(handle_, ToAbi("\xc3"), ToAbi("x")), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(Host().record_set_string(handle_, ToAbi(""), ToAbi("x")), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(Host().record_set_json(handle_, ToAbi("a"), ToAbi("{")), RETORT_INVALID_ARGUMENT);
  EXPECT_THAT(Message(), HasSubstr("field `a`: not JSON at column 2"));
  EXPECT_EQ(Host().record_set_json(handle_, ToAbi("a"), ToAbi(std::string(300, '['))), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(record_->json["a"], "text");
}

TEST_F(RecordServicesTest, NamesTheFieldsThatThereAre) {
  retort_string value = {};
  EXPECT_EQ(Host().record_get_string(handle_, ToAbi("prompt"), &value), RETORT_NOT_FOUND);
  EXPECT_EQ(Message(), "record r has no field `prompt`; its fields are: `id`, `a`, `list`, `n`");
  EXPECT_EQ(Host().record_get_json(handle_, ToAbi("prompt"), &value), RETORT_NOT_FOUND);
  EXPECT_EQ(Host().record_get_string(handle_, ToAbi("list"), &value), RETORT_INVALID_ARGUMENT);
}

TEST_F(RecordServicesTest, SequencesNeedABeginning) {
  retort_sequence_view view = {};
  view.size = sizeof view;
  EXPECT_EQ(Host().sequence_view(handle_, &view), RETORT_NOT_FOUND);
  EXPECT_THAT(Message(), HasSubstr("record r has no sequence"));
  const retort_draft draft = {sizeof draft, RETORT_DRAFT_POINT_MASS, nullptr, 0, nullptr, nullptr, {}, 0, 0, 0, 0, 0};
  EXPECT_EQ(Host().draft_set(handle_, &draft), RETORT_NOT_FOUND);
}

}  // namespace
}  // namespace retort::testing

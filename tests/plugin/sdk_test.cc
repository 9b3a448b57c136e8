// Stages written with the SDK, and in plain C, run through the ABI by the mock host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>

#include "core/graph/option_reader.h"
#include "core/plugin/loader.h"
#include "core/plugin/plugin_stage.h"
#include "core/testing/mock_host.h"
#include "core/testing/scripted_model.h"
#include "tests/plugin/canary_path.h"

namespace retort::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SdkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status loaded = host_.Load(CanaryPath("sdk_stages"));
    ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  }
  std::unique_ptr<MockStage> Create(const std::string& stage, const std::string& options = "{}") {
    auto created = host_.Create(stage, options);
    EXPECT_TRUE(created.ok()) << created.status().ToString();
    return created.ok() ? *std::move(created) : nullptr;
  }
  MockHost host_;
};

TEST_F(SdkTest, DescribesItself) {
  const StageDescriptor* const upper = host_.registry().Find("upper");
  ASSERT_NE(upper, nullptr);
  EXPECT_EQ(upper->summary, "Put a field into upper case.");
  EXPECT_EQ(upper->text, "Records without the field fail.");
  EXPECT_EQ(upper->example, "{ field: prompt }");
  EXPECT_EQ(upper->flags, static_cast<uint32_t>(RETORT_STAGE_CONCURRENT));
  EXPECT_EQ(upper->default_max_batch, 16u);
  ASSERT_EQ(upper->outputs.size(), 2u);
  EXPECT_TRUE(upper->outputs[1].optional);
  const OptionSpec* const field = upper->FindOption("field");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->example, "text");
  EXPECT_FALSE(field->required);
  EXPECT_TRUE(host_.registry().Find("lines")->is_source());
  EXPECT_TRUE(host_.registry().Find("misbehave")->FindOption("how")->required);
  EXPECT_EQ(host_.registry().Find("show-options")->FindOption("stop")->default_value, "['one', 'it''s']");
}

TEST_F(SdkTest, RemarksOnOptions) {
  const StageDescriptor& stage = *host_.registry().Find("show-options");
  const auto advice = [&](bool flag, int64_t count) {
    std::map<std::string, OptionValue> values;
    for (const OptionSpec& spec : stage.options) {
      const auto value = DefaultOptionValue(spec);
      EXPECT_TRUE(value.ok()) << spec.name;
      values[spec.name] = *value;
    }
    values["flag"] = flag;
    values["count"] = count;
    return AdviceOn(stage, {"show", values, {}});
  };
  ASSERT_TRUE(advice(true, 7).ok());
  EXPECT_THAT(*advice(true, 7), IsEmpty());
  const auto remarks = advice(false, 7);
  ASSERT_TRUE(remarks.ok()) << remarks.status().ToString();
  ASSERT_EQ(remarks->size(), 2u);
  EXPECT_EQ(remarks->at(0).option, "flag");
  EXPECT_EQ(remarks->at(0).message, "without a flag nobody sees it");
  EXPECT_EQ(remarks->at(0).value, "true");
  EXPECT_EQ(remarks->at(0).because, "count");
  EXPECT_EQ(remarks->at(1).option, "");
  EXPECT_THAT(advice(true, 98).status().message(), HasSubstr("no remarks today"));
  EXPECT_THAT(advice(true, 99).status().message(), HasSubstr("`counts`, which is no option of the stage"));
  EXPECT_THAT(advice(true, 100).status().message(), HasSubstr("remark 0 says nothing"));
  // A host whose struct ends earlier is given no more than it has room for.
  retort_advice shorter = {};
  shorter.size = offsetof(retort_advice, because);
  shorter.because = {"untouched", 9};
  const retort_config config(stage, {"show",
                                     [&] {
                                       std::map<std::string, OptionValue> values;
                                       for (const OptionSpec& spec : stage.options)
                                         values[spec.name] = *DefaultOptionValue(spec);
                                       values["flag"] = false;
                                       return values;
                                     }(),
                                     {}});
  EXPECT_EQ(stage.functions.advise(stage.user_data, &config, 0, &shorter), RETORT_OK);
  EXPECT_EQ(std::string(shorter.option.data, shorter.option.length), "flag");
  EXPECT_STREQ(shorter.because.data, "untouched");
  EXPECT_THAT(*AdviceOn(*host_.registry().Find("upper"), {"upper", {}, {}}), IsEmpty());  // it has no such function
}

TEST_F(SdkTest, ProcessesABatch) {
  const auto stage = Create("upper");
  Record* const a = host_.NewRecord(R"({"prompt": "hi"})");
  Record* const b = host_.NewRecord(R"({"text": "hi"})");
  Record* const c = host_.NewRecord(R"({"prompt": ""})");
  Record* const d = host_.NewRecord(R"({"prompt": 3})");
  ASSERT_TRUE(stage->Process({a, b, c, d}).ok());
  EXPECT_THAT(stage->emitted(0), ElementsAre(a));
  EXPECT_THAT(stage->emitted(1), ElementsAre(c));
  EXPECT_EQ(a->json["prompt"], "HI");
  ASSERT_EQ(stage->failed().size(), 2u);
  EXPECT_EQ(stage->failed()[0].record, b);
  EXPECT_EQ(stage->failed()[0].status.code(), StatusCode::kNotFound);
  EXPECT_EQ(stage->failed()[0].status.message(), "record 2 has no field `prompt`; its fields are: `text`");
  EXPECT_EQ(stage->failed()[1].status.message(), "record 4: field `prompt` expected a string, got number");
  EXPECT_EQ(stage->counter("seen"), 4);
  EXPECT_THAT(stage->samples("length"), ElementsAre(2, 0));
}

TEST_F(SdkTest, ReadsEveryTypeOfOption) {
  Record* const record = host_.NewRecord("{}");
  ASSERT_TRUE(Create("show-options")->Process({record}).ok());
  EXPECT_EQ(record->json["options"], "show-options 1 7 0.250000 greedy  <one> <it's>");

  host_.AddModel(std::make_shared<ScriptedModel>([](auto) { return std::vector<float>(28); }));
  const auto stage =
      Create("show-options", "{flag: false, count: 9, share: 1, rule: lossless, path: a/b, stop: x, model: scripted}");
  ASSERT_TRUE(stage->Process({record}).ok());
  EXPECT_EQ(record->json["options"], "show-options 0 9 1.000000 lossless a/b <x> scripted");
}

TEST_F(SdkTest, RefusesAModelThatIsNotLoaded) {
  const auto created = host_.Create("show-options", "{model: nobody}");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(created.status().message(),
              HasSubstr("model `nobody` of option `model` is not loaded; name it under `models:`"));
}

TEST_F(SdkTest, ProducesRecords) {
  const auto stage = Create("lines", R"({lines: ['{"id": "x"}', 'broken', '{"n": 1}']})");
  const auto first = stage->Produce(2);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(*first);
  const auto second = stage->Produce(2);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(*second) << "RETORT_END after the last line";
  ASSERT_EQ(stage->emitted(0).size(), 2u);
  EXPECT_EQ(stage->emitted(0)[0]->id, "x");
  EXPECT_EQ(stage->emitted(0)[1]->id, "3");
  ASSERT_EQ(stage->failed().size(), 1u);
  EXPECT_THAT(stage->failed()[0].status.message(), HasSubstr("line 2: not JSON at column 1"));
}

TEST_F(SdkTest, AttachmentsLeaveWithTheRecord) {
  const auto stage = Create("hang");
  {
    MockHost other;
    ASSERT_TRUE(other.Load(CanaryPath("sdk_stages")).ok());
    auto hang = other.Create("hang");
    ASSERT_TRUE(hang.ok());
    Record* const a = other.NewRecord(R"({"id": "a"})");
    Record* const b = other.NewRecord(R"({"id": "b"})");
    ASSERT_TRUE((*hang)->Process({a, b}).ok());
    EXPECT_EQ(b->json["alive"], 2);
    ASSERT_TRUE((*hang)->Process({a}).ok());
    EXPECT_EQ(a->json["before"], "a");
    EXPECT_EQ(a->json["alive"], 2) << "the first one was destroyed";
  }
  Record* const c = host_.NewRecord("{}");
  ASSERT_TRUE(stage->Process({c}).ok());
  EXPECT_EQ(c->json["before"], "nothing");
  EXPECT_EQ(c->json["alive"], 1) << "those of the other host are gone";
}

struct Way {
  const char* how;
  StatusCode code;
  const char* message;
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.how; }

class CreateGoesWrong : public SdkTest, public ::testing::WithParamInterface<Way> {};

TEST_P(CreateGoesWrong, WithTheReason) {
  const auto created = host_.Create("misbehave", std::string("{how: ") + GetParam().how + "}");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().code(), GetParam().code);
  EXPECT_THAT(created.status().message(), AllOf(HasSubstr("stage `misbehave`"), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(Ways, CreateGoesWrong,
                         ::testing::Values(Way{"throw-create", StatusCode::kInternal, "thrown by create"},
                                           Way{"unknown-option", StatusCode::kNotFound,
                                               "has no value for option `nothing`; its descriptor has: how"},
                                           Way{"wrong-type", StatusCode::kInvalidArgument,
                                               "option `how` is not an INT"}));

class ProcessGoesWrong : public SdkTest, public ::testing::WithParamInterface<Way> {};

TEST_P(ProcessGoesWrong, AndOnlyTheRecordsNotGivenAwayFail) {
  const auto stage = Create("misbehave", std::string("{how: ") + GetParam().how + "}");
  Record* const a = host_.NewRecord("{}");
  Record* const b = host_.NewRecord("{}");
  const Status status = stage->Process({a, b});
  ASSERT_FALSE(stage->failed().empty());
  const MockStage::Reason& last = stage->failed().back();
  EXPECT_EQ(last.record, b);
  EXPECT_EQ(last.status.code(), GetParam().code);
  EXPECT_THAT(last.status.message(), HasSubstr(GetParam().message));
  EXPECT_EQ(stage->failed().size() + stage->emitted(0).size(), 2u);
  EXPECT_EQ(status.ok(), std::string(GetParam().how) == "forget");
  // The stage is still of use.
  EXPECT_TRUE(stage->Close().ok());
}

INSTANTIATE_TEST_SUITE_P(
    Ways, ProcessGoesWrong,
    ::testing::Values(Way{"throw", StatusCode::kInternal, "thrown by process"},
                      Way{"throw-int", StatusCode::kInternal, "an exception that is no std::exception"},
                      Way{"bad-alloc", StatusCode::kInternal, "std::bad_alloc"},
                      Way{"fail", StatusCode::kDataLoss, "failed by process"},
                      Way{"forget", StatusCode::kInternal, "forgot the record"},
                      Way{"port", StatusCode::kInvalidArgument, "output port 9, but the stage has 1"},
                      Way{"twice", StatusCode::kInvalidArgument, "given away already"}));

TEST_F(SdkTest, OpenAndCloseSayWhyTheyFail) {
  EXPECT_EQ(Create("misbehave", "{how: fail-open}")->Open().ToString(),
            "not_found: stage `misbehave` (misbehave): failed by open");
  EXPECT_EQ(Create("misbehave", "{how: throw-open}")->Open().ToString(),
            "internal: stage `misbehave` (misbehave): thrown by open");
  EXPECT_EQ(Create("misbehave", "{how: fail-close}")->Close().ToString(),
            "resource_exhausted: stage `misbehave` (misbehave): failed by close");
  EXPECT_EQ(Create("misbehave", "{how: throw-close}")->Close().ToString(),
            "internal: stage `misbehave` (misbehave): thrown by close");
  EXPECT_TRUE(Create("upper")->Open().ok());
}

TEST(PluginStage, StopsExceptionsOfPluginsWithoutTheSdk) {
  MockHost host;
  ASSERT_TRUE(host.Load(CanaryPath("throws_across")).ok());
  auto stage = host.Create("throws-across");
  ASSERT_TRUE(stage.ok());
  Record* const a = host.NewRecord("{}");
  Record* const b = host.NewRecord("{}");
  EXPECT_EQ((*stage)->Process({a}).ToString(),
            "internal: process let an exception cross the plugin ABI: one is too few");
  EXPECT_EQ((*stage)->Process({a, b}).ToString(),
            "internal: process let an exception cross the plugin ABI: one that is no std::exception");
  EXPECT_TRUE((*stage)->Open().ok()) << "a null open is nothing to do";
  EXPECT_TRUE((*stage)->Close().ok());
}

TEST(PluginInC, MakesAndMeasuresRecords) {
  MockHost host;
  ASSERT_TRUE(host.Load(CanaryPath("c_only")).ok());
  auto numbers = host.Create("c-numbers", "{count: 5}");
  auto measure = host.Create("c-measure", "{field: text}");
  ASSERT_TRUE(numbers.ok() && measure.ok());
  EXPECT_EQ(*(*numbers)->Produce(3), true);
  EXPECT_EQ(*(*numbers)->Produce(3), false);
  std::vector<Record*> records = (*numbers)->emitted(0);
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(records[4]->json.dump(), R"({"number":4})");
  EXPECT_EQ(records[4]->id, "5");
  records.resize(2);
  records[1]->json["text"] = "four";
  ASSERT_TRUE((*measure)->Process(records).ok());
  EXPECT_THAT((*measure)->emitted(0), ElementsAre(records[1]));
  EXPECT_EQ(records[1]->json["length"], 4);
  ASSERT_EQ((*measure)->failed().size(), 1u);
  EXPECT_THAT((*measure)->failed()[0].status.message(), HasSubstr("has no field `text`"));
  EXPECT_EQ((*measure)->counter("measured"), 2);
  EXPECT_THAT((*measure)->skipped(), IsEmpty());
}

TEST(PluginInC, SaysWhichOptionIsWrong) {
  MockHost host;
  ASSERT_TRUE(host.Load(CanaryPath("c_only")).ok());
  const auto created = host.Create("c-measure", "{field: " + std::string(64, 'x') + "}");
  ASSERT_FALSE(created.ok());
  EXPECT_THAT(created.status().message(), HasSubstr("field: expected at most 63 bytes"));
}

}  // namespace
}  // namespace retort::testing

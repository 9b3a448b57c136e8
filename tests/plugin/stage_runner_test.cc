// The StageRunner as a plugin's author uses it: through its library alone, without anything else of the core.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <retort/testing.h>

#include <string>

#include "tests/plugin/canary_path.h"

namespace retort::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StageRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status loaded = runner_.Load(CanaryPath("sdk_stages"));
    ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  }
  StageRunner runner_;
};

TEST_F(StageRunnerTest, ShowsWhereRecordsWentAndTheMetrics) {
  ASSERT_TRUE(runner_.Create("upper", "{ field: text }").ok());
  EXPECT_TRUE(
      runner_.Process({R"({"id": "a", "text": "hi"})", R"({"id": "b", "text": ""})", R"({"id": "c", "text": 3})"})
          .ok());
  EXPECT_THAT(runner_.emitted("out"), ElementsAre(R"({"id":"a","text":"HI"})"));
  EXPECT_THAT(runner_.emitted("empty"), ElementsAre(R"({"id":"b","text":""})"));
  ASSERT_EQ(runner_.failed().size(), 1u);
  EXPECT_EQ(runner_.failed()[0].record, R"({"id":"c","text":3})");
  EXPECT_THAT(runner_.failed()[0].reason, HasSubstr("invalid_argument: record c: field `text` expected a string"));
  EXPECT_THAT(runner_.completed(), IsEmpty());
  EXPECT_THAT(runner_.skipped(), IsEmpty());
  EXPECT_EQ(runner_.counter("seen"), 3);
  EXPECT_EQ(runner_.counter("never"), 0);
  EXPECT_THAT(runner_.samples("length"), ElementsAre(2, 0));
  runner_.Clear();
  EXPECT_THAT(runner_.emitted("out"), IsEmpty());
  EXPECT_EQ(runner_.counter("seen"), 3);
  EXPECT_TRUE(runner_.Close().ok());
}

TEST_F(StageRunnerTest, RunsASource) {
  ASSERT_TRUE(runner_.Create("lines", R"({ lines: ['{"n": 1}', 'no json', '{"n": 2}'] })").ok());
  const Result<bool> first = runner_.Produce(2);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_TRUE(*first);
  const Result<bool> second = runner_.Produce(2);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(*second);
  EXPECT_THAT(runner_.emitted("out"), ElementsAre(R"({"n":1})", R"({"n":2})"));
  EXPECT_EQ(runner_.failed().size(), 1u);
  EXPECT_EQ(runner_.Process({"{}"}).code(), StatusCode::kInvalidArgument);
}

TEST_F(StageRunnerTest, AnErrorOfTheStageIsReturnedAndFailsWhatIsLeft) {
  ASSERT_TRUE(runner_.Create("misbehave", "{ how: throw }").ok());
  const Status status = runner_.Process({R"({"id": "a"})", R"({"id": "b"})"});
  EXPECT_EQ(status.code(), StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("thrown by process"));
  EXPECT_EQ(runner_.failed().size(), 2u);
}

TEST_F(StageRunnerTest, AForgottenRecordFails) {
  ASSERT_TRUE(runner_.Create("misbehave", "{ how: forget }").ok());
  EXPECT_TRUE(runner_.Process({"{}"}).ok());
  ASSERT_EQ(runner_.failed().size(), 1u);
  EXPECT_THAT(runner_.failed()[0].reason, HasSubstr("forgot"));
}

TEST_F(StageRunnerTest, OptionsAreCheckedAsLintDoes) {
  const auto refused = [&](const std::string& options) { return runner_.Create("show-options", options).message(); };
  EXPECT_THAT(refused("{ count: 101 }"), AllOf(HasSubstr("`count` is `101`"), HasSubstr("from 0 to 100")));
  EXPECT_THAT(refused("{ rule: greed }"), HasSubstr("did you mean `greedy`"));
  EXPECT_THAT(refused("{ coun: 1 }"), HasSubstr("there is no `coun`"));
  EXPECT_THAT(refused("[ 1"), HasSubstr("error"));
  EXPECT_THAT(runner_.Create("shwo-options").message(), HasSubstr("no stage `shwo-options` is loaded"));
  EXPECT_TRUE(runner_.Create("show-options").ok());  // none of these was in the way
}

TEST_F(StageRunnerTest, RecordsThatAreNoneAreRefused) {
  ASSERT_TRUE(runner_.Create("upper").ok());
  for (const char* text : {"", "3", "{", "[]"})
    EXPECT_EQ(runner_.Process({text}).code(), StatusCode::kInvalidArgument) << text;
}

TEST_F(StageRunnerTest, AModelNeedsNoWeights) {
  ASSERT_TRUE(runner_.AddModel("letters").ok());
  ASSERT_TRUE(runner_.Create("decode", "{ model: letters, max_tokens: 3 }").ok());
  EXPECT_TRUE(runner_.Process({R"({"id": "a", "prompt": "ab"})"}).ok());
  ASSERT_EQ(runner_.emitted("out").size(), 1u);
  EXPECT_THAT(runner_.emitted("out")[0], HasSubstr(R"("completion":"cde")"));
}

TEST(StageRunner, BeginsSequencesForStagesThatTakeThem) {
  StageRunner runner;
  ASSERT_TRUE(runner.Load(RETORT_BINARY_DIR "/lib/retort/plugins/generate.so").ok());
  EXPECT_EQ(runner.BeginSequences("letters").code(), StatusCode::kNotFound);
  ASSERT_TRUE(runner.AddModel("letters").ok());
  ASSERT_TRUE(runner.BeginSequences("letters").ok());
  ASSERT_TRUE(runner.Create("generate", "{ model: letters, max_tokens: 1 }").ok());
  EXPECT_TRUE(runner.Process({R"({"id": "a", "prompt": "xy"})"}).ok());
  ASSERT_EQ(runner.emitted("done").size(), 1u);
  EXPECT_THAT(runner.emitted("done")[0], HasSubstr(R"("completion":"z")"));
  EXPECT_EQ(runner.Process({R"({"id": "b"})"}).code(), StatusCode::kInvalidArgument);
}

TEST(StageRunner, SaysWhyAPluginIsRefused) {
  StageRunner runner;
  EXPECT_THAT(runner.Load(CanaryPath("too_new")).message(), HasSubstr("plugin ABI version 2"));
  EXPECT_THAT(runner.Load("/no/such.so").message(), HasSubstr("/no/such.so: it cannot be read"));
}

TEST(StageRunnerDeathTest, AMistakeOfTheTestEndsIt) {
  StageRunner runner;
  EXPECT_DEATH(static_cast<void>(runner.emitted("out")), "no stage was created");
  ASSERT_TRUE(runner.Load(CanaryPath("sdk_stages")).ok());
  ASSERT_TRUE(runner.Create("upper").ok());
  EXPECT_DEATH(static_cast<void>(runner.emitted("nowhere")), "no output `nowhere`; it has `out` or `empty`");
  EXPECT_DEATH(static_cast<void>(runner.Create("upper")), "called twice");
}

}  // namespace
}  // namespace retort::testing

// The stage alone: what it makes of records, what it refuses. No engine and no model are needed.
#include <gtest/gtest.h>
#include <retort/testing.h>

#include <string>

namespace {

using Runner = retort::testing::StageRunner;

/// The stage with these options, ready for records.
void Make(Runner& runner, const std::string& options) {
  const retort::Status loaded = runner.Load(PLUGIN_FILE);
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  const retort::Status created = runner.Create("my-stage", options);
  ASSERT_TRUE(created.ok()) << created.ToString();
}

TEST(MyStage, KeepsTheFirstWords) {
  Runner runner;
  ASSERT_NO_FATAL_FAILURE(Make(runner, "{ max_words: 2 }"));
  const retort::Status status =
      runner.Process({R"({"id": "a", "text": "one two three"})", R"({"id": "b", "text": "one"})"});
  EXPECT_TRUE(status.ok()) << status.ToString();
  ASSERT_EQ(runner.emitted("out").size(), 2u);
  EXPECT_EQ(runner.emitted("out")[0], R"({"id":"a","text":"one two"})");
  EXPECT_EQ(runner.emitted("out")[1], R"({"id":"b","text":"one"})");
  EXPECT_EQ(runner.counter("texts_cut"), 1);
}

TEST(MyStage, FailsARecordWithoutTheFieldAndGoesOn) {
  Runner runner;
  ASSERT_NO_FATAL_FAILURE(Make(runner, "{ field: prompt }"));
  EXPECT_TRUE(runner.Process({R"({"id": "a"})", R"({"id": "b", "prompt": "one"})"}).ok());
  ASSERT_EQ(runner.failed().size(), 1u);
  EXPECT_NE(runner.failed()[0].reason.find("`prompt`"), std::string::npos) << runner.failed()[0].reason;
  EXPECT_EQ(runner.emitted("out").size(), 1u);
}

TEST(MyStage, SkipsItWhereAsked) {
  Runner runner;
  ASSERT_NO_FATAL_FAILURE(Make(runner, "{ when_missing: skip }"));
  EXPECT_TRUE(runner.Process({R"({"id": "a"})"}).ok());
  EXPECT_EQ(runner.skipped().size(), 1u);
  EXPECT_TRUE(runner.failed().empty());
}

TEST(MyStage, RefusesOptionsOutOfRange) {
  Runner runner;
  ASSERT_TRUE(runner.Load(PLUGIN_FILE).ok());
  const retort::Status status = runner.Create("my-stage", "{ max_words: 0 }");
  EXPECT_EQ(status.code(), retort::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("max_words"), std::string::npos) << status.message();
}

}  // namespace

// What a plugin does to the process of its stage costs the call it was in, and what it does without harm is as in the
// program's own process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/plugin/isolation/unruly_host.h"
#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MockStage;
using ::testing::SizeIs;
using testing::Texts;
using testing::UnrulyHost;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char *kExit0 = "ended with exit code", *kExit3 = "ended with exit code";  // their own, at exit
#else
constexpr const char *kExit0 = "ended with exit code 0", *kExit3 = "ended with exit code 3";
#endif

struct Death {
  const char* how;
  const char* cause;
};
void PrintTo(const Death& death, std::ostream* out) { *out << death.how; }

class IsolatedDeath : public ::testing::TestWithParam<Death>, public UnrulyHost {};

TEST_P(IsolatedDeath, CostsTheRecordsOfItsCallAndNoMore) {
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  const bool hangs = std::string_view(GetParam().how) == "hang";
  const auto stage = Isolated("{}", "unruly", milliseconds(hangs ? 1000 : 30000));
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  ASSERT_TRUE((*stage)->Open().ok());
  ASSERT_TRUE((*stage)->Process(Records({R"({"id":"a"})"})).ok());
  const std::string bad = std::string(R"({"id":"c","do":")") + GetParam().how + "\"}";
  const auto batch = Records({R"({"id":"b"})", bad, R"({"id":"d"})"});
  const Status status = (*stage)->Process(batch);
  EXPECT_EQ(status.code(), StatusCode::kInternal) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(GetParam().cause));
  EXPECT_THAT(status.message(), HasSubstr("`retort stage run unruly`"));
  ASSERT_THAT((*stage)->failed(), SizeIs(3));
  EXPECT_THAT(Texts(batch), ElementsAre(R"({"id":"b"})", bad, R"({"id":"d"})")) << "as they came";
  // A fresh process counts anew.
  ASSERT_TRUE((*stage)->Process(Records({R"({"id":"e"})"})).ok());
  EXPECT_THAT(Texts((*stage)->emitted(0)), ElementsAre(R"({"id":"a","seen":1})", R"({"id":"e","seen":1})"));
  EXPECT_EQ((*stage)->counter("seen"), 2) << "of the calls that ended";
  EXPECT_TRUE((*stage)->Close().ok());
}

INSTANTIATE_TEST_SUITE_P(All, IsolatedDeath,
                         ::testing::Values(Death{"crash", "was ended by signal 11 (Segmentation fault)"},
                                           Death{"crash after", "was ended by signal 11 (Segmentation fault)"},
                                           Death{"abort", "was ended by signal 6 (Aborted)"},
                                           Death{"kill",
                                                 "signal 9 (Killed), maybe since the system has no memory left"},
                                           Death{"exit 0", kExit0}, Death{"exit 3", kExit3},
                                           Death{"hang", "gave no answer within 1 s (the stage's `timeout`)"},
                                           Death{"garbage", "sent something that is no answer, and was killed"},
                                           Death{"zeros", "sent something that is no answer, and was killed"},
                                           Death{"close", "its process"}),
                         [](const auto& test) {
                           std::string name = test.param.how;
                           std::erase(name, ' ');
                           return name;
                         });

TEST(IsolatedStage, ItsMessageHoldsTheEndOfWhatThePluginWrote) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  const Status status = (*stage)->Process(unruly.Records({R"({"do":"say"})", R"({"do":"crash"})"}));
  EXPECT_THAT(status.message(), HasSubstr("; it wrote: first line second line without an end; "));
}

/// Everything that became of some records, as text.
std::string OutcomeOf(const MockStage& stage, const Status& status) {
  std::string text = std::string(StatusCodeName(status.code())) + "\n";
  for (uint32_t port = 0; port < stage.descriptor().outputs.size(); ++port)
    for (const std::string& json : Texts(stage.emitted(port))) text += "emitted " + std::to_string(port) + json + "\n";
  for (const std::string& json : Texts(stage.completed())) text += "completed " + json + "\n";
  for (const auto& [record, why] : stage.failed())
    text += "failed " + record->id + " line " + std::to_string(record->line) + " " + record->line_text + " " +
            std::string(StatusCodeName(why.code())) + "\n";
  for (const auto& [record, reason] : stage.skipped()) text += "skipped " + record->id + " " + reason + "\n";
  for (const auto& [name, amount] : stage.counters()) text += name + " " + std::to_string(amount) + "\n";
  for (const double value : stage.samples("seen")) text += "sample " + std::to_string(value) + "\n";
  return text;
}

class IsolatedBehaviour : public ::testing::TestWithParam<const char*> {};

TEST_P(IsolatedBehaviour, IsAsInTheProgramsOwnProcess) {
  std::string outcomes[2];
  for (const bool isolated : {false, true}) {
    UnrulyHost unruly;
    const std::string options = "{ words: [one, 'it''s'], share: 0.1 }";
    const auto stage = isolated ? unruly.Isolated(options) : unruly.host.Create("unruly", options);
    ASSERT_TRUE(stage.ok()) << stage.status().ToString();
    ASSERT_TRUE((*stage)->Open().ok());
    const std::string odd =
        std::string(R"({"id":7,"x":1e300,"n":-9223372036854775808,"m":18446744073709551615,"t":"é\u0001","do":")") +
        GetParam() + "\"}";
    const Status status = (*stage)->Process(unruly.Records({R"({"id":"a"})", odd, R"({"id":"b","v":[1.0,null]})"}));
    static_cast<void>((*stage)->Process(unruly.Records({R"({"id":"c"})"})));
    ASSERT_TRUE((*stage)->Close().ok());
    outcomes[isolated] = OutcomeOf(**stage, status);
  }
  EXPECT_EQ(outcomes[0], outcomes[1]);
}

INSTANTIATE_TEST_SUITE_P(All, IsolatedBehaviour,
                         ::testing::Values("nothing", "throw", "no memory", "forget", "twice", "wrong port", "fail",
                                           "skip", "give up", "other", "options"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, ' ');
                           return name;
                         });

TEST(IsolatedStage, ASourceGivesTheSameRecords) {
  std::string outcomes[2];
  for (const bool isolated : {false, true}) {
    UnrulyHost unruly;
    const auto stage = isolated ? unruly.Isolated("{ count: 12 }", "unruly-source")
                                : unruly.host.Create("unruly-source", "{ count: 12 }");
    ASSERT_TRUE(stage.ok()) << stage.status().ToString();
    ASSERT_TRUE((*stage)->Open().ok());
    Result<bool> more = true;
    int calls = 0;
    for (; more.ok() && *more; ++calls) more = (*stage)->Produce(5);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    EXPECT_EQ(calls, 3);
    outcomes[isolated] = OutcomeOf(**stage, {});
    EXPECT_THAT(outcomes[isolated], HasSubstr("failed 5 line 5 no record invalid_argument"));
  }
  EXPECT_EQ(outcomes[0], outcomes[1]);
}

TEST(IsolatedStage, ASourceThatDiesFailsAndGivesNothingOfItsCall) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated("{ crash_at: 7 }", "unruly-source");
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  ASSERT_TRUE((*stage)->Produce(5).ok());
  const Result<bool> more = (*stage)->Produce(5);
  ASSERT_FALSE(more.ok());
  EXPECT_THAT(more.status().message(), HasSubstr("signal 11"));
  EXPECT_THAT((*stage)->emitted(0), SizeIs(4)) << "one line of the first call is no record";
}

TEST(IsolatedStage, DyingWhileItIsCreatedOrOpenedRefusesIt) {
  UnrulyHost unruly;
  const auto created = unruly.Isolated("{ die_in: create }");
  ASSERT_FALSE(created.ok());
  EXPECT_THAT(created.status().message(), HasSubstr("stage `unruly` (unruly): its process was ended by signal 11"));
  const auto thrown = unruly.Isolated("{ die_in: create, how: throw }");
  ASSERT_FALSE(thrown.ok());
  EXPECT_EQ(thrown.status().message(),
            unruly.host.Create("unruly", "{ die_in: create, how: throw }").status().message());
  const auto opened = unruly.Isolated("{ die_in: open, how: hang }", "unruly", milliseconds(200));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_THAT((*opened)->Open().message(), HasSubstr("gave no answer within 0.2 s"));
  const auto closed = unruly.Isolated("{ die_in: close, how: exit 3 }");
  ASSERT_TRUE(closed.ok()) << closed.status().ToString();
  EXPECT_THAT((*closed)->Close().message(), HasSubstr("its process ended with exit code"));
}

TEST(IsolatedStage, AProcessThatCannotBeStartedAnewFailsThatCall) {
  UnrulyHost unruly;
  const testing::TemporaryFolder folder;
  const std::string once = folder.path() + "/once";
  const auto stage = unruly.Isolated("{ die_in: open, once: '" + once + "' }");
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  ASSERT_TRUE((*stage)->Open().ok());
  folder.Write("once", "");
  EXPECT_FALSE((*stage)->Process(unruly.Records({R"({"do":"crash"})"})).ok());
  EXPECT_THAT((*stage)->Process(unruly.Records({"{}"})).message(), HasSubstr("its process was ended by signal 11"));
  EXPECT_TRUE((*stage)->Process(unruly.Records({"{}"})).ok());
}

TEST(IsolatedStage, ThreeDeathsInARowEndIt) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  const auto process = [&](const char* json) { return (*stage)->Process(unruly.Records({json})); };
  const char* const crash = R"({"do":"crash"})";
  EXPECT_FALSE(process(crash).ok());
  EXPECT_FALSE(process(crash).ok());
  EXPECT_TRUE(process("{}").ok()) << "a call that ended: the count begins anew";
  EXPECT_FALSE(process(crash).ok());
  EXPECT_FALSE(process(crash).ok());
  const Status third = process(crash);
  EXPECT_THAT(third.message(), HasSubstr("its processes ended 3 times in a row"));
  EXPECT_THAT(third.message(), HasSubstr("the last time: its process was ended by signal 11"));
  EXPECT_EQ(process("{}").message(), third.message()) << "no process was started for this one";
  EXPECT_TRUE((*stage)->Close().ok());
}

TEST(IsolatedStage, ASinkGetsNoSecondProcess) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated("{}", "unruly-sink");
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  ASSERT_TRUE((*stage)->Process(unruly.Records({"{}"})).ok());
  const Status status = (*stage)->Process(unruly.Records({R"({"do":"crash"})"}));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << "which ends the run";
  EXPECT_THAT(status.message(), HasSubstr("a stage without outputs gets no second process"));
  EXPECT_EQ((*stage)->Process(unruly.Records({"{}"})).message(), status.message());
  EXPECT_THAT((*stage)->completed(), SizeIs(1));
}

TEST(IsolatedStage, ACancelReachesTheCallThatRuns) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  (*stage)->Cancel();
  EXPECT_TRUE((*stage)->Process(unruly.Records({R"({"do":"wait"})"})).ok());
  EXPECT_TRUE((*stage)->Process(unruly.Records({R"({"do":"wait"})"})).ok()) << "each call is told";
  EXPECT_THAT((*stage)->emitted(0), SizeIs(2));
}

TEST(IsolatedStage, WhatIsNestedTooDeepFailsThatRecordAlone) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  EXPECT_TRUE((*stage)->Process(unruly.Records({R"({"do":"nested"})", "{}"})).ok());
  ASSERT_THAT((*stage)->failed(), SizeIs(1));
  EXPECT_THAT((*stage)->failed()[0].status.message(), HasSubstr("nested the record deeper than 256"));
  EXPECT_THAT((*stage)->emitted(0), SizeIs(1));
}

TEST(IsolatedStage, AMissingProgramIsSaid) {
  UnrulyHost unruly;
  const auto stage = unruly.host.CreateIsolated("unruly", "{}", {.program = "/no/such/retort-stage-host"});
  ASSERT_FALSE(stage.ok());
  EXPECT_EQ(stage.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(stage.status().message(), HasSubstr("/no/such/retort-stage-host does not start: No such file"));
}

}  // namespace
}  // namespace retort

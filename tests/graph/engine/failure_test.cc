// A failing record costs itself alone, and the dead-letter file says what happened to it.
#include <sys/stat.h>

#include <atomic>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// source -> a -> sink with 10 records, 4 a call, `process` in a; returns the dead letters by id.
std::map<std::string, json> RunStageA(Handler process, RunReport& report, bool deterministic) {
  std::string path = TempPath("dead.jsonl");
  TestGraph graph({.deterministic = deterministic, .dead_letter_path = path});
  graph.Source(10).Stage({.name = "a", .max_batch = 4}, std::move(process)).Sink();
  graph.Edge("source", "a").Edge("a", "sink");
  report = graph.Run();
  EXPECT_TRUE(report.conserved());
  EXPECT_TRUE(report.stranded.empty());
  std::map<std::string, json> letters;
  for (const std::string& line : ReadLines(path)) {
    json letter = json::parse(line);
    letters[letter["id"].get<std::string>()] = letter;
  }
  EXPECT_EQ(letters.size(), report.failed);
  return letters;
}

class EngineFailure : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Modes, EngineFailure, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Deterministic" : "Parallel"; });

TEST_P(EngineFailure, AFailedRecordGoesToTheDeadLettersWithAllThatIsKnown) {
  RunReport report;
  auto letters = RunStageA(
      [](StageContext& context, Records records) {
        for (Record* record : records) {
          Status given = record->number == 3 ? context.Fail(record, InvalidArgument("no field 'prompt'"))
                                             : context.Emit(0, record);
          RETORT_RETURN_IF_ERROR(given);
        }
        return Status();
      },
      report, GetParam());
  EXPECT_TRUE(report.status.ok()) << report.status.ToString();
  EXPECT_EQ(report.completed, 9u);
  EXPECT_EQ(report.stages.at("a").failed, 1u);
  EXPECT_EQ(letters["3"], json({{"id", "3"},
                                {"line", 4},
                                {"stage", "a"},
                                {"code", "invalid_argument"},
                                {"message", "stage 'a': no field 'prompt'"},
                                {"record", {{"n", 3}}}}));
}

TEST_P(EngineFailure, AFailingCallFailsTheRecordsNotGivenAway) {
  RunReport report;
  auto letters = RunStageA(
      [](StageContext& context, Records records) {
        RETORT_RETURN_IF_ERROR(context.Emit(0, records[0]));
        return records[0]->number == 0 ? ResourceExhausted("out of pages") : EmitAll()(context, records.subspan(1));
      },
      report, GetParam());
  EXPECT_TRUE(report.status.ok());
  EXPECT_GE(report.failed, 1u);
  EXPECT_EQ(letters["1"]["code"], "resource_exhausted");
  EXPECT_EQ(letters["1"]["message"], "stage 'a': out of pages");
  EXPECT_FALSE(letters.contains("0"));
}

TEST_P(EngineFailure, AnExceptionBecomesAnInternalError) {
  RunReport report;
  auto letters = RunStageA(
      [](StageContext& context, Records records) -> Status {
        if (records[0]->number == 0) throw std::runtime_error("boom");
        if (records[0]->number >= 8) throw 17;
        return EmitAll()(context, records);
      },
      report, GetParam());
  EXPECT_TRUE(report.status.ok());
  EXPECT_EQ(letters["0"]["code"], "internal");
  EXPECT_EQ(letters["0"]["message"], "stage 'a': an exception escaped: boom");
  EXPECT_EQ(letters["9"]["message"], "stage 'a': an exception of unknown type escaped");
}

TEST_P(EngineFailure, AForgottenRecordFailsAndTheStageIsNamed) {
  RunReport report;
  auto letters = RunStageA(
      [](StageContext& context, Records records) {
        for (Record* record : records) {
          if (record->number != 5) RETORT_RETURN_IF_ERROR(context.Emit(0, record));
        }
        return Status();
      },
      report, GetParam());
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters["5"]["code"], "internal");
  EXPECT_THAT(letters["5"]["message"].get<std::string>(), HasSubstr("stage 'a': forgot the record"));
}

TEST_P(EngineFailure, ARecordIsGivenAwayOnceAndOnlyByItsCall) {
  std::atomic<Record*> earlier{nullptr};
  std::atomic<int> twice{0}, wrong_port{0}, stale{0}, null{0}, created{0};
  RunReport report;
  RunStageA(
      [&](StageContext& context, Records records) {
        for (Record* record : records) {
          if (Record* old = earlier) stale += context.Complete(old).code() == StatusCode::kInvalidArgument;
          wrong_port += context.Emit(1, record).code() == StatusCode::kInvalidArgument;
          RETORT_RETURN_IF_ERROR(context.Emit(0, record));
          twice += context.Emit(0, record).code() == StatusCode::kInvalidArgument;
          twice += context.Fail(record, Internal("x")).code() == StatusCode::kInvalidArgument;
          null += context.Skip(nullptr, "x").code() == StatusCode::kInvalidArgument;
          created += context.Create().status().code() == StatusCode::kInvalidArgument;
        }
        earlier = records[0];
        return Status();
      },
      report, GetParam());
  EXPECT_EQ(report.completed, 10u);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(wrong_port, 10);
  EXPECT_EQ(twice, 20);
  EXPECT_GT(stale, 0);
  EXPECT_EQ(null, 10);
  EXPECT_EQ(created, 10);
}

TEST_P(EngineFailure, SkippedRecordsAreCountedByReason) {
  RunReport report;
  RunStageA(
      [](StageContext& context, Records records) {
        for (Record* record : records) {
          Status given = record->number % 2 == 0 ? context.Skip(record, "even") : context.Emit(0, record);
          RETORT_RETURN_IF_ERROR(given);
        }
        return Status();
      },
      report, GetParam());
  EXPECT_EQ(report.skipped, 5u);
  EXPECT_EQ(report.completed, 5u);
  EXPECT_EQ(report.stages.at("a").counters.at("skipped: even"), 5);
}

TEST_P(EngineFailure, BytesThatAreNoUtf8DoNotCostTheLetter) {
  RunReport report;
  auto letters = RunStageA(
      [](StageContext& context, Records records) {
        for (Record* record : records) RETORT_RETURN_IF_ERROR(context.Fail(record, DataLoss("got \xff\xfe")));
        return Status();
      },
      report, GetParam());
  EXPECT_EQ(letters.size(), 10u);
  EXPECT_EQ(letters["0"]["message"], "stage 'a': got \xef\xbf\xbd\xef\xbf\xbd");
}

class FailingSource final : public StageBody {
 public:
  Status Process(StageContext& context, Records, size_t, bool*) override {
    RETORT_RETURN_IF_ERROR(context.Emit(0, *context.Create()));
    RETORT_ASSIGN_OR_RETURN(Record * forgotten, context.Create());
    forgotten->id = "forgotten";
    return DataLoss("line 2 is cut off");
  }
};

TEST_P(EngineFailure, AFailingSourceEndsTheRunAfterWhatIsInFlight) {
  std::string path = TempPath("dead.jsonl");
  TestGraph graph({.deterministic = GetParam(), .dead_letter_path = path});
  graph.Body({.name = "source", .inputs = 0}, std::make_unique<FailingSource>()).Sink().Edge("source", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(report.status.message(), "source 'source': line 2 is cut off");
  EXPECT_EQ(report.completed, 1u);
  EXPECT_EQ(report.failed, 1u);
  EXPECT_TRUE(report.conserved());
  EXPECT_EQ(json::parse(ReadLines(path).at(0))["id"], "forgotten");
}

TEST_P(EngineFailure, AllOfManyFailuresAreInTheFile) {
  std::string path = TempPath("dead.jsonl");
  TestGraph graph({.credits = 32, .deterministic = GetParam(), .dead_letter_path = path});
  graph.Source(5000).Stage(
      {.name = "a", .max_batch = 5, .concurrent = true}, [](StageContext& context, Records records) {
        for (Record* record : records) {
          Status given = record->number % 3 == 0 ? context.Fail(record, Internal("third")) : context.Emit(0, record);
          RETORT_RETURN_IF_ERROR(given);
        }
        return Status();
      });
  graph.Sink().Edge("source", "a").Edge("a", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.failed, 1667u);
  EXPECT_EQ(report.completed, 3333u);
  std::set<std::string> ids;
  for (const std::string& line : ReadLines(path)) ids.insert(json::parse(line)["id"]);
  EXPECT_EQ(ids.size(), 1667u);
}

TEST(EngineDeadLetters, AnUnwritablePathIsRefusedBeforeTheRun) {
  TestGraph graph({.dead_letter_path = "/nonexistent-folder/dead.jsonl"});
  graph.Source(1).Sink().Edge("source", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(report.status.message(), HasSubstr("/nonexistent-folder/dead.jsonl"));
  EXPECT_EQ(report.admitted, 0u);
}

TEST_P(EngineFailure, AFullDiskAbortsTheRun) {
  struct stat unused;
  ASSERT_EQ(::stat("/dev/full", &unused), 0) << "this test needs Linux's /dev/full";
  TestGraph graph({.credits = 8, .deterministic = GetParam(), .dead_letter_path = "/dev/full"});
  graph.Source(100000).Stage(
      {.name = "a"}, [](StageContext& context, Records records) { return context.Fail(records[0], Internal("x")); });
  graph.Sink().Edge("source", "a").Edge("a", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(report.status.message(), HasSubstr("dead-letter file '/dev/full': cannot be written"));
  EXPECT_LT(report.admitted, 100000u);
  EXPECT_TRUE(report.conserved());
}

TEST_P(EngineFailure, AnOutputThatTakesNothingMoreAbortsTheRunAndIsNamedFirst) {
  TestGraph graph({.credits = 8, .deterministic = GetParam(), .dead_letter_path = "/dev/full"});
  graph.Source(100000).Stage({.name = "write", .outputs = 0},
                             [](StageContext&, Records) { return ResourceExhausted("out.jsonl.part: no space left"); });
  graph.Edge("source", "write");
  RunReport report = graph.Run();
  EXPECT_EQ(report.status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(report.status.message(), "stage 'write': out.jsonl.part: no space left");
  EXPECT_LT(report.admitted, 100u);
  EXPECT_TRUE(report.conserved());
}

class OpeningFails final : public StageBody {
 public:
  Status Open() override { return NotFound("no such file"); }
  Status Process(StageContext&, Records, size_t, bool*) override { return Internal("is never called"); }
};

TEST(EngineDeadLetters, ThoseOfAnEarlierRunStayUntilThereIsSomethingNew) {
  const std::string path = TempPath("dead.jsonl");
  std::ofstream(path) << "of an earlier run\n";
  TestGraph aborted({.dead_letter_path = path});
  aborted.Body({.name = "source", .inputs = 0}, std::make_unique<OpeningFails>()).Sink().Edge("source", "sink");
  EXPECT_EQ(aborted.Run().status.code(), StatusCode::kNotFound);
  EXPECT_THAT(ReadLines(path), testing::ElementsAre("of an earlier run"));

  TestGraph drained({.dead_letter_path = path});
  drained.Source(7).Sink().Edge("source", "sink");
  drained.engine.Drain();
  EXPECT_EQ(drained.Run().status.code(), StatusCode::kCancelled);
  EXPECT_THAT(ReadLines(path), testing::ElementsAre("of an earlier run"));
  EXPECT_TRUE(ReadLines(path + ".part").empty());

  TestGraph failing({.dead_letter_path = path});
  failing.Source(1).Stage({.name = "a", .outputs = 0}, [](StageContext&, Records) { return Internal("x"); });
  failing.Edge("source", "a");
  EXPECT_EQ(failing.Run().failed, 1u);
  EXPECT_THAT(ReadLines(path), testing::ElementsAre(HasSubstr("\"stage\":\"a\"")));
}

TEST(EngineDeadLetters, TheFileExistsOnlyAfterFailures) {
  const std::string path = TempPath("dead.jsonl");
  std::ofstream(path) << "of an earlier run\n";
  TestGraph graph({.dead_letter_path = path});
  graph.Source(7).Sink().Edge("source", "sink");
  EXPECT_EQ(graph.Run().completed, 7u);
  struct stat status;
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST(EngineDeadLetters, WithoutAPathFailuresAreCounted) {
  TestGraph graph;
  graph.Source(7).Stage({.name = "a", .outputs = 0}, [](StageContext&, Records) { return Internal("x"); });
  graph.Edge("source", "a");
  EXPECT_EQ(graph.Run().failed, 7u);
}

}  // namespace
}  // namespace retort::test

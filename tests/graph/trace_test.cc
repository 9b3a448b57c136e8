// Traces: what begins ends, in order of time, within bounds, as JSON.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/graph/trace/trace_file.h"
#include "core/graph/trace/trace_recorder.h"
#include "core/graph/trace/traced_stage.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

using Kind = TraceEvent::Kind;

std::vector<TraceEvent> TakeAll(TraceRecorder& recorder) {
  std::vector<TraceEvent> events;
  recorder.Take(events);
  return events;
}

/// Calls that begin less those that end; never below 0 on the way.
int Open(const std::vector<TraceEvent>& events) {
  std::map<std::pair<uint32_t, uint32_t>, int> open;
  int sum = 0;
  for (const TraceEvent& event : events) {
    if (event.kind != Kind::kBegin && event.kind != Kind::kEnd) continue;
    const int change = event.kind == Kind::kBegin ? 1 : -1;
    int& track = open[{event.stage, event.thread}];
    track += change;
    EXPECT_GE(track, 0);
    sum += change;
  }
  return sum;
}

TEST(TraceRecorder, EventsOfManyThreadsAreInOrderAndBalanced) {
  TraceRecorder recorder;
  std::vector<std::thread> threads;
  for (uint32_t stage = 0; stage < 4; ++stage) {
    threads.emplace_back([&recorder, stage] {
      for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(recorder.Begin(stage, 3));
        recorder.Count(Kind::kWaiting, stage, 1);
        recorder.End(stage, 0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<TraceEvent> events = TakeAll(recorder);
  ASSERT_EQ(events.size(), 4u * 3 * 1000);
  EXPECT_EQ(Open(events), 0);
  for (size_t i = 1; i < events.size(); ++i) ASSERT_LE(events[i - 1].nanoseconds, events[i].nanoseconds);
  EXPECT_EQ(recorder.left_out(), 0u);
}

TEST(TraceRecorder, WhereThereIsNoRoomWholeCallsAreLeftOut) {
  TraceRecorder recorder(5);
  EXPECT_TRUE(recorder.Begin(0, 1));
  EXPECT_TRUE(recorder.Begin(1, 1));
  EXPECT_FALSE(recorder.Begin(2, 1)) << "two slots are kept for the two ends, and a call needs two";
  recorder.Count(Kind::kWaiting, 0, 7);
  recorder.Count(Kind::kWaiting, 0, 8);
  recorder.End(1, 0);
  recorder.End(0, 0);
  const std::vector<TraceEvent> events = TakeAll(recorder);
  EXPECT_EQ(events.size(), 5u) << "the second count found no room";
  EXPECT_EQ(Open(events), 0);
  EXPECT_EQ(recorder.left_out(), 1u);
  EXPECT_TRUE(recorder.Begin(2, 1)) << "there is room again";
}

TEST(TraceRecorder, ACallMayEndAfterItsBeginWasTaken) {
  TraceRecorder recorder(4);
  EXPECT_TRUE(recorder.Begin(0, 1));
  EXPECT_EQ(TakeAll(recorder).size(), 1u);
  EXPECT_TRUE(recorder.Begin(1, 1));
  EXPECT_FALSE(recorder.Begin(2, 1)) << "the end of the first is still to come";
  recorder.End(1, 0);
  recorder.End(0, 0);
  EXPECT_EQ(TakeAll(recorder).size(), 3u);
}

/// Fails every call by an exception.
class Thrower final : public StageBody {
 public:
  Status Process(StageContext&, std::span<Record* const>, size_t, bool*) override { throw std::runtime_error("no"); }
};

/// Takes nothing; a context for calls that do nothing.
class NoContext final : public StageContext {
 public:
  Status Emit(uint32_t, Record*) override { return {}; }
  Status Complete(Record*) override { return {}; }
  Status Fail(Record*, Status) override { return {}; }
  Status Skip(Record*, std::string_view) override { return {}; }
  bool Cancelled() const override { return false; }
  Result<Record*> Create() override { return &record_; }
  void Count(std::string_view, double) override {}
  void Sample(std::string_view, double) override {}

 private:
  Record record_;
};

class Source final : public StageBody {
 public:
  Status Process(StageContext& context, std::span<Record* const>, size_t want, bool*) override {
    for (size_t i = 0; i + 1 < want; ++i) RETORT_RETURN_IF_ERROR(context.Create().status());
    return {};
  }
};

TEST(TracedStage, ACallThatThrowsEndsToo) {
  TraceRecorder recorder;
  NoContext context;
  bool end = false;
  EXPECT_THROW((void)TraceStage(0, std::make_unique<Thrower>(), recorder)->Process(context, {}, 0, &end),
               std::runtime_error);
  EXPECT_EQ(Open(TakeAll(recorder)), 0);
}

TEST(TracedStage, ASourceTellsWhatItCreated) {
  TraceRecorder recorder;
  NoContext context;
  bool end = false;
  EXPECT_TRUE(TraceStage(2, std::make_unique<Source>(), recorder)->Process(context, {}, 5, &end).ok());
  const std::vector<TraceEvent> events = TakeAll(recorder);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].stage, 2u);
  EXPECT_EQ(events[1].value, 4u);
}

TEST(TraceFile, IsJsonWithTheEventsAsTheyWere) {
  const std::string path = TempPath("trace.json");
  auto file = TraceFile::Open(path, "a \"pipeline\"", {"read", "write"});
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  file->Write(std::vector<TraceEvent>{
      {.nanoseconds = 1'002'003, .stage = 1, .value = 16, .thread = 4, .kind = Kind::kBegin},
      {.nanoseconds = 1'002'009, .stage = 0, .value = 3, .kind = Kind::kWaiting},
      {.nanoseconds = 1'002'010, .value = 9, .kind = Kind::kInFlight},
      {.nanoseconds = 2'000'000, .stage = 1, .value = 5, .thread = 4, .kind = Kind::kEnd},
  });
  ASSERT_TRUE(file->Close(3).ok());
  const auto events = nlohmann::json::parse(ReadFile(path));
  const auto find = [&](const char* phase) {
    return *std::find_if(events.begin(), events.end(), [&](const auto& event) { return event["ph"] == phase; });
  };
  EXPECT_EQ(events[0]["args"]["name"], "a \"pipeline\"");
  EXPECT_EQ(find("B")["name"], "write");
  EXPECT_EQ(find("B")["args"]["batch"], 16);
  EXPECT_DOUBLE_EQ(find("B")["ts"].get<double>(), 1002.003);
  EXPECT_EQ(find("E")["args"]["created"], 5);
  EXPECT_EQ(find("E")["tid"], find("B")["tid"]);
  EXPECT_EQ(find("C")["name"], "waiting");
  EXPECT_EQ(find("C")["args"]["records"], 3);
  EXPECT_EQ(events.back()["name"], "calls_left_out");
  EXPECT_EQ(events.back()["args"]["calls"], 3);
}

TEST(TraceFile, AFullDiskShowsAtTheEnd) {
  auto file = TraceFile::Open("/dev/full", "p", {"read"});
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  file->Write(std::vector<TraceEvent>(10000, {.thread = 1}));
  const Status closed = file->Close(0);
  EXPECT_EQ(closed.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(closed.message().find("/dev/full: writing failed: No space left"), std::string::npos) << closed.message();
}

}  // namespace
}  // namespace retort::testing

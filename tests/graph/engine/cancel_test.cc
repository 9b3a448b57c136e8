// Stopping at any moment: no hang, and every record accounted for.
#include <atomic>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(EngineCancel, DrainFinishesWhatIsInFlight) {
  for (bool deterministic : {false, true}) {
    TestGraph graph({.credits = 16, .deterministic = deterministic});
    std::atomic<int> seen{0};
    std::atomic<bool> told{false};
    graph.Source(1'000'000).Stage({.name = "a"}, [&](StageContext& context, Records records) {
      if (++seen == 100) graph.engine.Drain();
      told = told || context.Cancelled();
      return EmitAll()(context, records);
    });
    graph.Sink().Edge("source", "a").Edge("a", "sink");
    RunReport report = graph.Run();
    EXPECT_EQ(report.status.code(), StatusCode::kCancelled);
    EXPECT_EQ(report.admitted, report.completed);
    EXPECT_EQ(report.cancelled, 0u);
    EXPECT_LT(report.admitted, 200u);
    EXPECT_FALSE(told) << "a drained run wants its records finished";
  }
}

TEST(EngineCancel, StopNowCountsWhatIsInFlightAsCancelled) {
  for (bool deterministic : {false, true}) {
    TestGraph graph({.credits = 16, .deterministic = deterministic});
    std::atomic<int> seen{0};
    std::atomic<bool> told{false};
    graph.Source(1'000'000).Stage({.name = "a"}, [&](StageContext& context, Records records) {
      if (++seen < 100) return EmitAll()(context, records);
      graph.engine.StopNow();
      told = context.Cancelled();
      return Status();  // its records were not given away: cancelled too, not failed
    });
    graph.Sink().Edge("source", "a").Edge("a", "sink");
    RunReport report = graph.Run();
    EXPECT_EQ(report.status.code(), StatusCode::kCancelled);
    EXPECT_TRUE(report.conserved());
    EXPECT_EQ(report.failed, 0u);
    EXPECT_GT(report.cancelled, 0u);
    EXPECT_LE(report.cancelled, 16u);
    EXPECT_TRUE(told);
  }
}

// What waits for a model that has computed nothing for it is let go, and said to be.
TEST(EngineCancel, DrainLetsGoWhatNoModelHasBegun) {
  for (bool deterministic : {false, true}) {
    TestGraph graph({.credits = 64, .deterministic = deterministic});
    std::set<uint64_t> begun;
    graph.Source(50).Stage({.name = "read", .max_batch = 8}, EmitAll());
    graph.Stage({.name = "model", .outputs = 2, .max_batch = 4, .exclusive = "m"},
                [&](StageContext& context, Records records) {
                  graph.engine.Drain();
                  for (Record* record : records) begun.insert(record->number);
                  return EmitAll(records[0]->cycles < 3 ? 1 : 0)(context, records);
                });
    graph.Sink().Edge("source", "read").Edge("read", "model").Edge("model", "sink").Edge("model", "model", 1, true);
    RunReport report = graph.Run();
    EXPECT_EQ(report.status.code(), StatusCode::kCancelled) << report.status.ToString();
    EXPECT_TRUE(report.conserved());
    EXPECT_EQ(report.completed, begun.size());
    EXPECT_GT(report.completed, 0u);
    EXPECT_LE(report.completed, 8u);
    EXPECT_EQ(report.not_begun, report.admitted - report.completed);
    EXPECT_EQ(report.cancelled, report.not_begun);
    EXPECT_THAT(report.status.message(), testing::HasSubstr(std::to_string(report.not_begun) + " were not begun"));
  }
}

// What waits at an ordered sink for an earlier record is finished work.
TEST(EngineCancel, StopNowDeliversWhatALastStageHolds) {
  for (bool deterministic : {false, true}) {
    TestGraph graph({.credits = 16, .deterministic = deterministic});
    std::vector<uint64_t> written;
    std::atomic<int> passed{0};
    graph.Source(1'000'000).Stage({.name = "slow", .outputs = 2}, [&](StageContext& context, Records records) {
      if (records[0]->number == 0) return context.Emit(1, records[0]);  // goes round and round
      if (++passed == 10) graph.engine.StopNow();
      return context.Emit(0, records[0]);
    });
    graph.Stage({.name = "write", .outputs = 0, .max_batch = 4, .ordered = true},
                [&](StageContext& context, Records records) {
                  for (Record* record : records) written.push_back(record->number);
                  return CompleteAll()(context, records);
                });
    graph.Edge("source", "slow").Edge("slow", "write").Edge("slow", "slow", 1, true);
    RunReport report = graph.Run();
    EXPECT_EQ(report.status.code(), StatusCode::kCancelled);
    EXPECT_EQ(written, (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    EXPECT_EQ(report.completed, 10u);
    EXPECT_EQ(report.cancelled, report.admitted - 10);
    EXPECT_EQ(report.stages.at("write").records_in, 10u);
  }
}

TEST(EngineCancel, AStageHearsAtItsCloseHowTheRunEnded) {
  class Closing final : public StageBody {
   public:
    explicit Closing(std::string& heard) : heard_(heard) {}
    Status Process(StageContext& context, Records records, size_t, bool*) override {
      return CompleteAll()(context, records);
    }
    Status Close(bool cut_short) override {
      heard_ = cut_short ? "cut short" : "whole";
      return cut_short ? Cancelled("x.part holds it") : Status();
    }

   private:
    std::string& heard_;
  };
  for (const auto& [level, expected] : std::map<int, std::string>{{0, "whole"}, {1, "whole"}, {2, "cut short"}}) {
    std::string heard;
    TestGraph graph({.credits = 4});
    graph.Source(1000).Stage({.name = "a"}, [&, level = level](StageContext& context, Records records) {
      if (level == 1) graph.engine.Drain();
      if (level == 2) graph.engine.StopNow();
      return EmitAll()(context, records);
    });
    graph.Body({.name = "write", .outputs = 0}, std::make_unique<Closing>(heard))
        .Edge("source", "a")
        .Edge("a", "write");
    const RunReport report = graph.Run();
    EXPECT_EQ(heard, expected);
    EXPECT_EQ(report.status.message().ends_with("; x.part holds it"), level == 2) << report.status.ToString();
  }
}

TEST(EngineCancel, ARunThatWasDrainedBeforeItBeganAdmitsNothing) {
  TestGraph graph;
  graph.Source(10).Sink().Edge("source", "sink");
  graph.engine.Drain();
  RunReport report = graph.Run();
  EXPECT_EQ(report.admitted, 0u);
  EXPECT_EQ(report.status.code(), StatusCode::kCancelled);
}

TEST(EngineCancel, ADrainAfterTheSourcesEndedChangesNothing) {
  TestGraph graph({.credits = 64});
  graph.Source(10).Stage({.name = "a", .outputs = 0}, [&](StageContext& context, Records records) {
    graph.engine.Drain();
    return CompleteAll()(context, records);
  });
  graph.Edge("source", "a");
  RunReport report = graph.Run();
  EXPECT_TRUE(report.status.ok()) << report.status.ToString();
  EXPECT_EQ(report.completed, 10u);
}

TEST(EngineCancel, AWaitingSourceIsToldToReturn) {
  class Waiting final : public StageBody {
   public:
    Status Process(StageContext& context, Records, size_t, bool*) override {
      while (!context.Cancelled()) std::this_thread::sleep_for(milliseconds(1));
      return {};
    }
  };
  TestGraph graph;
  graph.Body({.name = "source", .inputs = 0, .blocking = true}, std::make_unique<Waiting>())
      .Sink()
      .Edge("source", "sink");
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(20));
    graph.engine.Drain();
  });
  RunReport report = graph.Run();
  stopper.join();
  EXPECT_EQ(report.status.code(), StatusCode::kCancelled);
}

TEST(EngineCancel, AStopCutsALingerShort) {
  TestGraph graph({.threads = 2});
  graph.Source(2).Stage({.name = "a", .outputs = 1}, [&](StageContext& context, Records records) {
    if (records[0]->number == 1) {
      std::this_thread::sleep_for(milliseconds(50));
      graph.engine.StopNow();
    }
    return EmitAll()(context, records);
  });
  graph.Stage({.name = "b", .max_batch = 9, .linger = std::chrono::seconds(60)}, EmitAll()).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  RunReport report = graph.Run();
  EXPECT_LT(report.seconds, 20);
  EXPECT_TRUE(report.conserved());
}

// A graph with every kind of stage, faults included, that is stopped by another thread at a random moment, or not.
void RunRandom(uint64_t seed) {
  std::mt19937_64 random(seed);
  auto pick = [&](uint64_t low, uint64_t high) { return low + random() % (high - low + 1); };
  std::string dead = random() % 2 == 0 ? TempPath("dead") : "";
  if (!dead.empty()) std::remove(dead.c_str());  // a run that is stopped leaves the letters of an earlier one
  TestGraph graph({.credits = static_cast<uint32_t>(pick(1, 40)),
                   .credit_bytes = pick(50, 5000),
                   .max_cycles = 6,
                   .deterministic = random() % 8 == 0,
                   .threads = static_cast<int>(pick(1, 4)),
                   .dead_letter_path = dead});
  auto batch = [&] { return static_cast<uint32_t>(pick(1, 9)); };
  auto linger = [&] { return microseconds(random() % 2 == 0 ? 0 : pick(1, 2000)); };
  auto coin = [&] { return random() % 2 == 0; };
  auto chaos = [seed](uint64_t salt, uint32_t ports) {
    return [seed, salt, ports](StageContext& context, Records records) -> Status {
      for (Record* record : records) {
        std::mt19937_64 dice(seed ^ (salt << 32) ^ (record->number * 2654435761u + record->cycles));
        switch (dice() % 40) {
          case 0: RETORT_RETURN_IF_ERROR(context.Fail(record, Internal("chance"))); continue;
          case 1: RETORT_RETURN_IF_ERROR(context.Skip(record, "chance")); continue;
          case 2: continue;  // forgets it
          case 3: return Internal("the call failed");
          case 4: throw std::runtime_error("chance");
          case 5: std::this_thread::sleep_for(microseconds(dice() % 200)); break;
          default: break;
        }
        RETORT_RETURN_IF_ERROR(context.Emit(static_cast<uint32_t>(dice() % ports), record));
      }
      return {};
    };
  };
  graph.Body({.name = "source", .inputs = 0, .blocking = coin()}, std::make_unique<NumberSource>(pick(0, 400)));
  graph.Stage({.name = "draft", .max_batch = batch(), .linger = linger(), .exclusive = coin() ? "m" : ""}, chaos(1, 1));
  graph.Stage({.name = "verify", .outputs = 2, .max_batch = batch(), .linger = linger(), .exclusive = "m"},
              chaos(2, 2));
  graph.Stage({.name = "free", .max_batch = batch(), .concurrent = coin(), .blocking = coin()}, chaos(3, 1));
  graph.Stage({.name = "write", .outputs = 0, .max_batch = batch(), .ordered = coin(), .blocking = coin()},
              CompleteAll());
  graph.Edge("source", "draft").Edge("draft", "verify").Edge("verify", "draft", 1, true);
  graph.Edge("verify", "free").Edge("free", "write");

  const uint64_t drain_after = pick(0, 3000), stop_after = drain_after + pick(0, 1500);
  const bool drain = coin(), stop = coin();
  std::thread canceller([&] {
    std::this_thread::sleep_for(microseconds(drain_after));
    if (drain) graph.engine.Drain();
    std::this_thread::sleep_for(microseconds(stop_after - drain_after));
    if (stop) graph.engine.StopNow();
  });
  RunReport report = graph.Run(60);
  canceller.join();
  ASSERT_TRUE(report.conserved()) << "seed " << seed << ": " << report.admitted << " admitted, " << report.completed
                                  << " completed, " << report.failed << " failed, " << report.skipped << " skipped, "
                                  << report.cancelled << " cancelled";
  ASSERT_TRUE(report.stranded.empty()) << "seed " << seed;
  ASSERT_TRUE(report.status.ok() || report.status.code() == StatusCode::kCancelled) << report.status.ToString();
  if (!dead.empty()) {
    ASSERT_EQ(ReadLines(dead).size(), report.failed) << "seed " << seed;
  }
}

TEST(EngineCancel, RandomSchedules) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    RunRandom(seed);
    if (HasFatalFailure()) return;
  }
}

TEST(EngineCancel, RandomSchedules_slow) {
  for (uint64_t seed = 1000; seed < 11000; ++seed) {
    RunRandom(seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace retort::test

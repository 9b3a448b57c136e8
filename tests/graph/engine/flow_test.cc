// Records on their way: batches, ports, cycles, credits, statistics.
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

using testing::HasSubstr;

TEST(EngineFlow, EveryRecordCompletesOnce) {
  std::multiset<std::string> seen;
  TestGraph graph;
  graph.Source(1000).Stage({.name = "a", .max_batch = 7}, EmitAll());
  graph.Stage({.name = "end", .outputs = 0}, [&](StageContext& context, Records records) {
    for (Record* record : records) seen.insert(record->id);
    return CompleteAll()(context, records);
  });
  graph.Edge("source", "a").Edge("a", "end");
  RunReport report = graph.Run();
  ASSERT_TRUE(report.status.ok()) << report.status.ToString();
  EXPECT_EQ(report.admitted, 1000u);
  EXPECT_EQ(report.completed, 1000u);
  EXPECT_TRUE(report.conserved());
  EXPECT_TRUE(report.stranded.empty());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1000u);
  Engine::Progress progress = graph.engine.progress();
  EXPECT_EQ(progress.admitted, 1000u);
  EXPECT_EQ(progress.completed, 1000u);
}

TEST(EngineFlow, ARunCanBeLookedAtFromOtherThreads) {
  TestGraph graph;
  std::atomic<bool> ended = false;
  graph.Source(20000).Stage({.name = "a", .max_batch = 8}, [](StageContext& context, Records records) {
    context.Count("seen", static_cast<double>(records.size()));
    return EmitAll()(context, records);
  });
  graph.Sink().Edge("source", "a").Edge("a", "sink");
  std::thread looker([&] {
    double seen = 0;
    while (!ended) {
      const std::vector<LiveStage> stages = graph.engine.stages();
      ASSERT_EQ(stages.size(), 3u);
      EXPECT_TRUE(stages[0].source && !stages[1].source);
      EXPECT_LE(stages[1].stats.records_in, 20000u);
      if (stages[1].stats.counters.contains("seen")) {
        EXPECT_EQ(stages[1].stats.counters.at("seen"), stages[1].stats.records_in) << "a stage is seen at one moment";
        EXPECT_GE(stages[1].stats.counters.at("seen"), seen);
        seen = stages[1].stats.counters.at("seen");
      }
      EXPECT_LE(graph.engine.loads()[1].waiting, 256u) << "the credits";
      std::this_thread::yield();
    }
  });
  const RunReport report = graph.Run();
  ended = true;
  looker.join();
  ASSERT_TRUE(report.status.ok()) << report.status.ToString();
  const std::vector<LiveStage> stages = graph.engine.stages();
  EXPECT_TRUE(stages[0].load.ended);
  EXPECT_EQ(stages[1].load.waiting, 0u);
  EXPECT_EQ(stages[1].load.running, 0u);
  EXPECT_EQ(stages[1].stats.samples.at("batch").sum, 20000);
  EXPECT_EQ(graph.engine.progress().in_flight(), 0u);
}

TEST(EngineFlow, AnEmptySourceEndsTheRun) {
  TestGraph graph;
  graph.Source(0).Sink().Edge("source", "sink");
  RunReport report = graph.Run();
  EXPECT_TRUE(report.status.ok());
  EXPECT_EQ(report.admitted, 0u);
}

TEST(EngineFlow, BatchesHoldAtMostMaxBatchAndTheirSizesAreCounted) {
  std::atomic<size_t> largest{0};
  TestGraph graph({.credits = 64});
  graph.Source(500).Stage({.name = "a", .max_batch = 8}, [&](StageContext& context, Records records) {
    largest = std::max(largest.load(), records.size());
    context.Count("tokens", 2);
    context.Sample("size", static_cast<double>(records.size()));
    return EmitAll()(context, records);
  });
  graph.Sink().Edge("source", "a").Edge("a", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(largest, 8u) << "64 records were pending";
  const StageStats& stats = report.stages.at("a");
  EXPECT_EQ(stats.records_in, 500u);
  EXPECT_EQ(stats.records_out, 500u);
  EXPECT_EQ(stats.samples.at("batch").count, stats.calls);
  EXPECT_EQ(stats.samples.at("batch").sum, 500);
  EXPECT_EQ(stats.samples.at("batch").max, 8);
  EXPECT_EQ(stats.samples.at("size").sum, 500);
  EXPECT_EQ(stats.counters.at("tokens"), 2.0 * static_cast<double>(stats.calls));
  EXPECT_GE(stats.calls, 63u);
}

TEST(EngineFlow, PortsLeadWhereTheyAreWired) {
  std::atomic<int> even{0}, odd{0};
  TestGraph graph;
  graph.Source(100).Stage({.name = "split", .outputs = 2, .max_batch = 10}, [](StageContext& context, Records records) {
    for (Record* record : records) RETORT_RETURN_IF_ERROR(context.Emit(record->json["n"].get<int>() % 2, record));
    return Status();
  });
  auto sink = [](std::atomic<int>& count, int parity) {
    return [&count, parity](StageContext& context, Records records) {
      for (Record* record : records) count += record->json["n"].get<int>() % 2 == parity;
      return CompleteAll()(context, records);
    };
  };
  graph.Stage({.name = "even", .outputs = 0}, sink(even, 0)).Stage({.name = "odd", .outputs = 0}, sink(odd, 1));
  graph.Edge("source", "split").Edge("split", "even", 0).Edge("split", "odd", 1);
  EXPECT_EQ(graph.Run().completed, 100u);
  EXPECT_EQ(even, 50);
  EXPECT_EQ(odd, 50);
}

TEST(EngineFlow, AnOpenOptionalPortCompletes) {
  TestGraph graph;
  graph.Source(10).Stage({.name = "a", .optional_outputs = {true}}, EmitAll()).Edge("source", "a");
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 10u);
  EXPECT_EQ(report.stages.at("a").records_out, 10u);
}

TEST(EngineFlow, ARecordGoesRoundACycleAsOftenAsTheStageSays) {
  std::atomic<uint64_t> visits{0};
  TestGraph graph({.credits = 16});
  graph.Source(200).Stage({.name = "work", .max_batch = 4}, [&](StageContext& context, Records records) {
    visits += records.size();
    return EmitAll()(context, records);
  });
  graph.Stage({.name = "decide", .outputs = 2, .max_batch = 4}, [](StageContext& context, Records records) {
    for (Record* record : records) {
      RETORT_RETURN_IF_ERROR(context.Emit(record->cycles < record->number % 10 ? 1 : 0, record));
    }
    return Status();
  });
  graph.Sink().Edge("source", "work").Edge("work", "decide").Edge("decide", "sink").Edge("decide", "work", 1, true);
  RunReport report = graph.Run();
  EXPECT_TRUE(report.status.ok()) << report.status.ToString();
  EXPECT_EQ(report.completed, 200u);
  EXPECT_EQ(visits, 200 + 20 * 45u);
}

TEST(EngineFlow, AStageMayCycleWithItself) {
  TestGraph graph;
  graph.Source(50).Stage({.name = "a", .outputs = 2}, [](StageContext& context, Records records) {
    return context.Emit(records[0]->cycles < 5 ? 1 : 0, records[0]);
  });
  graph.Sink().Edge("source", "a").Edge("a", "sink").Edge("a", "a", 1, true);
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 50u);
  EXPECT_EQ(report.stages.at("a").records_in, 300u);
}

TEST(EngineFlow, ACycleWithoutEndMeetsItsBound) {
  std::string path = TempPath("dead.jsonl");
  TestGraph graph({.max_cycles = 20, .dead_letter_path = path});
  graph.Source(3).Stage({.name = "a", .outputs = 2}, EmitAll(1));
  graph.Sink().Edge("source", "a").Edge("a", "sink").Edge("a", "a", 1, true);
  RunReport report = graph.Run();
  EXPECT_TRUE(report.status.ok());
  EXPECT_EQ(report.failed, 3u);
  EXPECT_EQ(report.stages.at("a").records_in, 3 * 21u);
  auto lines = ReadLines(path);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr("a -> a beyond the bound of 20 back edges"));
}

// Counts records between the source's Create and the end; what is seen never exceeds the credits.
void ExpectAtMostInFlight(uint32_t credits, uint64_t credit_bytes, int64_t expected_bound) {
  std::atomic<int64_t> in_flight{0}, peak{0};
  class Counting final : public StageBody {
   public:
    explicit Counting(std::atomic<int64_t>& in, std::atomic<int64_t>& top) : in_(in), top_(top) {}
    Status Process(StageContext& context, Records records, size_t want, bool* end) override {
      Status status = source_.Process(context, records, want, end);
      int64_t now = in_ += static_cast<int64_t>(std::min<size_t>(want, left_));
      left_ -= std::min(want, left_);
      top_ = std::max(top_.load(), now);
      return status;
    }
    std::atomic<int64_t>&in_, &top_;
    size_t left_ = 3000;
    NumberSource source_{3000, 100};
  };
  TestGraph graph({.credits = credits, .credit_bytes = credit_bytes});
  graph.Body({.name = "source", .inputs = 0}, std::make_unique<Counting>(in_flight, peak));
  graph.Stage({.name = "a", .outputs = 2, .max_batch = 3}, [](StageContext& context, Records records) {
    for (Record* record : records) RETORT_RETURN_IF_ERROR(context.Emit(record->cycles < 2 ? 1 : 0, record));
    return Status();
  });
  graph.Stage({.name = "end", .outputs = 0}, [&](StageContext& context, Records records) {
    in_flight -= static_cast<int64_t>(records.size());  // before they leave, so that the count is never too high
    return CompleteAll()(context, records);
  });
  graph.Edge("source", "a").Edge("a", "end").Edge("a", "a", 1, true);
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 3000u);
  EXPECT_LE(peak, expected_bound);
  EXPECT_GE(peak, expected_bound / 2) << "the credits are there to be used";
}

TEST(EngineFlow, NeverMoreInFlightThanCredits) {
  for (uint32_t credits : {1u, 2u, 10u, 64u}) ExpectAtMostInFlight(credits, 1 << 30, credits);
}

TEST(EngineFlow, NeverMoreBytesInFlightThanCredits) { ExpectAtMostInFlight(1000, 2000, 20); }

TEST(EngineFlow, SeveralSourcesShareTheCredits) {
  TestGraph graph({.credits = 8});
  graph.Source(300).Body({.name = "other", .inputs = 0}, std::make_unique<NumberSource>(200));
  graph.Sink().Edge("source", "sink").Edge("other", "sink");
  EXPECT_EQ(graph.Run().completed, 500u);
}

TEST(EngineFlow, ASourceThatHasNothingYetIsAskedAgain) {
  class Slow final : public StageBody {
   public:
    Status Process(StageContext& context, Records, size_t, bool* end) override {
      if (++calls_ % 2 == 1) return {};
      *end = calls_ == 10;
      return context.Emit(0, *context.Create());
    }
    int calls_ = 0;
  };
  for (bool deterministic : {false, true}) {
    TestGraph graph({.deterministic = deterministic});
    graph.Body({.name = "source", .inputs = 0}, std::make_unique<Slow>()).Sink().Edge("source", "sink");
    EXPECT_EQ(graph.Run().completed, 5u);
  }
}

TEST(EngineFlow, ASourceMayNotCreateMoreThanItWasGranted) {
  class Greedy final : public StageBody {
   public:
    Status Process(StageContext& context, Records, size_t want, bool* end) override {
      *end = true;
      for (size_t i = 0; i < want; ++i) RETORT_RETURN_IF_ERROR(context.Emit(0, *context.Create()));
      extra_ = context.Create().status();
      return {};
    }
    Status extra_;
  };
  TestGraph graph({.credits = 4});
  auto body = std::make_unique<Greedy>();
  Greedy* greedy = body.get();
  graph.Body({.name = "source", .inputs = 0}, std::move(body)).Sink().Edge("source", "sink");
  EXPECT_EQ(graph.Run().completed, 4u);
  EXPECT_EQ(greedy->extra_.code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace retort::test

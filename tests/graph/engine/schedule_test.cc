// Who is called when: serial and concurrent stages, exclusive groups, blocking stages, lingering.
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <oneapi/tbb/parallel_for.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Counts how many calls are inside at once.
struct Overlap {
  std::atomic<int> inside{0}, most{0};
  void Enter() {
    int now = ++inside;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
  }
  void Exit() { --inside; }
};

Handler Slow(Overlap& overlap, microseconds time, uint32_t port = 0) {
  return [&overlap, time, port](StageContext& context, Records records) {
    overlap.Enter();
    std::this_thread::sleep_for(time);
    overlap.Exit();
    return EmitAll(port)(context, records);
  };
}

TEST(EngineSchedule, ASerialStageRunsOneCallAtATime) {
  Overlap overlap;
  TestGraph graph({.threads = 4});
  graph.Source(200).Stage({.name = "a"}, Slow(overlap, microseconds(50))).Sink().Edge("source", "a").Edge("a", "sink");
  EXPECT_EQ(graph.Run().completed, 200u);
  EXPECT_EQ(overlap.most, 1);
}

TEST(EngineSchedule, PinnedThreadsStayOnOneProcessorEachAndAreLetGo) {
  const auto usable = [] {
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
  };
  const int before = usable();
  std::atomic<int> most = 0;
  TestGraph graph({.threads = 2, .affinity = Affinity::kCores});
  graph.Source(100).Stage({.name = "a", .concurrent = true}, [&](StageContext& context, Records records) {
    if (const int here = usable(); here > most) most = here;
    return EmitAll(0)(context, records);
  });
  graph.Sink().Edge("source", "a").Edge("a", "sink");
  EXPECT_EQ(graph.Run().completed, 100u);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(usable(), before);
}

TEST(EngineSchedule, AConcurrentStageRunsSeveral) {
  Overlap overlap;
  TestGraph graph({.threads = 4});
  graph.Source(100).Stage({.name = "a", .concurrent = true}, Slow(overlap, milliseconds(2))).Sink();
  graph.Edge("source", "a").Edge("a", "sink");
  EXPECT_EQ(graph.Run().completed, 100u);
  EXPECT_GT(overlap.most, 1);
  EXPECT_LE(overlap.most, 4);
}

TEST(EngineSchedule, DifferentStagesRunAtTheSameTime) {
  Overlap overlap;
  TestGraph graph({.threads = 3});
  graph.Source(100).Stage({.name = "a"}, Slow(overlap, milliseconds(1)));
  graph.Stage({.name = "b"}, Slow(overlap, milliseconds(1))).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  EXPECT_EQ(graph.Run().completed, 100u);
  EXPECT_EQ(overlap.most, 2);
}

TEST(EngineSchedule, AnExclusiveGroupNeverOverlaps) {
  Overlap target, free;
  TestGraph graph({.threads = 4});
  graph.Source(300).Stage({.name = "a", .max_batch = 2, .exclusive = "target"}, Slow(target, microseconds(100)));
  graph.Stage({.name = "b", .max_batch = 3, .concurrent = true, .exclusive = "target"},
              Slow(target, microseconds(100)));
  graph.Stage({.name = "c", .blocking = true, .exclusive = "target"}, Slow(target, microseconds(100)));
  graph.Stage({.name = "d", .concurrent = true}, Slow(free, microseconds(100))).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "c").Edge("c", "d").Edge("d", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 300u);
  EXPECT_EQ(target.most, 1);
  for (const char* stage : {"a", "b", "c"}) EXPECT_EQ(report.stages.at(stage).records_in, 300u);
}

// A model's stage and one of short calls in a cycle, as in speculative decoding: the record that comes late joins the
// others, though it always finds the model taken when it arrives.
TEST(EngineSchedule, RecordsOfACycleThatFellApartComeTogetherAgain) {
  constexpr size_t kRecords = 8;
  std::atomic<size_t> rounds{0}, calls{0};
  TestGraph graph({.credits = kRecords, .threads = 2});
  graph.Source(kRecords).Stage({.name = "late"}, [](StageContext& context, Records records) {
    for (Record* record : records) {
      if (record->number + 1 == kRecords) std::this_thread::sleep_for(milliseconds(3));
      RETORT_RETURN_IF_ERROR(context.Emit(0, record));
    }
    return Status();
  });
  graph.Stage({.name = "draft", .max_batch = 64}, [](StageContext& context, Records records) {
    const auto end = std::chrono::steady_clock::now() + microseconds(60);
    while (std::chrono::steady_clock::now() < end) {
    }
    return EmitAll()(context, records);
  });
  graph.Stage({.name = "verify", .outputs = 2, .max_batch = 64, .exclusive = "model"},
              [&](StageContext& context, Records records) {
                std::this_thread::sleep_for(milliseconds(2));
                ++calls;
                rounds += records.size();
                for (Record* record : records) {
                  record->json["rounds"] = record->json.value("rounds", 0) + 1;
                  RETORT_RETURN_IF_ERROR(context.Emit(record->json["rounds"] == 60 ? 1 : 0, record));
                }
                return Status();
              });
  graph.Sink().Edge("source", "late").Edge("late", "draft").Edge("draft", "verify");
  graph.Edge("verify", "draft", 0, true).Edge("verify", "sink", 1);
  EXPECT_EQ(graph.Run().completed, kRecords);
  EXPECT_EQ(rounds, 60 * kRecords);
  EXPECT_LE(calls, 80U) << "60 where all are together, 120 where there are two batches by turns";
}

TEST(EngineSchedule, ABlockingStageHasAThreadOfItsOwn) {
  std::mutex mutex;
  std::set<std::thread::id> blocking, computing;
  auto note = [&mutex](std::set<std::thread::id>& threads, Handler then) {
    return [&mutex, &threads, then](StageContext& context, Records records) {
      std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      return then(context, records);
    };
  };
  TestGraph graph({.threads = 2});
  graph.Source(500).Stage({.name = "a"}, note(computing, EmitAll()));
  graph.Stage({.name = "b", .blocking = true}, note(blocking, EmitAll()));
  graph.Stage({.name = "c"}, note(computing, EmitAll())).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "c").Edge("c", "sink");
  EXPECT_EQ(graph.Run().completed, 500u);
  EXPECT_EQ(blocking.size(), 1u);
  EXPECT_FALSE(computing.contains(*blocking.begin()));
}

// One compute thread: if the blocking stage occupied it, the records of the other branch would have to wait.
TEST(EngineSchedule, ABlockingStageDoesNotHoldUpComputation) {
  std::atomic<int> passed{0}, passed_while_blocked{0};
  std::atomic<bool> blocked{false};
  TestGraph graph({.credits = 64, .threads = 1});
  graph.Source(64).Stage({.name = "split", .outputs = 2}, [](StageContext& context, Records records) {
    return context.Emit(records[0]->number == 0 ? 1 : 0, records[0]);
  });
  graph.Stage({.name = "disk", .outputs = 0, .blocking = true}, [&](StageContext& context, Records records) {
    blocked = true;
    for (int i = 0; i < 5000 && passed < 63; ++i) std::this_thread::sleep_for(milliseconds(1));
    passed_while_blocked = passed.load();
    return CompleteAll()(context, records);
  });
  graph.Stage({.name = "compute", .outputs = 0}, [&](StageContext& context, Records records) {
    ++passed;
    return CompleteAll()(context, records);
  });
  graph.Edge("source", "split").Edge("split", "compute").Edge("split", "disk", 1);
  EXPECT_EQ(graph.Run().completed, 64u);
  EXPECT_EQ(passed_while_blocked, 63);
}

TEST(EngineSchedule, ABlockingSourceFeedsTheGraph) {
  TestGraph graph({.credits = 16});
  graph.Body({.name = "source", .inputs = 0, .blocking = true}, std::make_unique<NumberSource>(1000));
  graph.Stage({.name = "a", .max_batch = 4}, EmitAll()).Sink().Edge("source", "a").Edge("a", "sink");
  EXPECT_EQ(graph.Run().completed, 1000u);
}

TEST(EngineSchedule, LingeringFillsBatches) {
  // Records reach "b" one by one, each a little later than the one before.
  auto mean_batch = [](microseconds linger) {
    Overlap overlap;
    TestGraph graph({.credits = 32, .threads = 2});
    graph.Source(32).Stage({.name = "a"}, Slow(overlap, milliseconds(1)));
    graph.Stage({.name = "b", .max_batch = 8, .linger = linger}, EmitAll()).Sink();
    graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
    RunReport report = graph.Run();
    EXPECT_EQ(report.completed, 32u);
    const StageStats::Distribution& batch = report.stages.at("b").samples.at("batch");
    return batch.sum / static_cast<double>(batch.count);
  };
  EXPECT_LT(mean_batch(microseconds(0)), 4);
  EXPECT_EQ(mean_batch(std::chrono::seconds(20)), 8);
}

TEST(EngineSchedule, LingeringEndsWhenNothingIsOnTheWay) {
  TestGraph graph;
  graph.Source(5).Stage({.name = "a"}, EmitAll());
  graph.Stage({.name = "b", .max_batch = 8, .linger = std::chrono::seconds(30)}, EmitAll()).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 5u);
  EXPECT_EQ(report.stages.at("b").calls, 1u);
  EXPECT_LT(report.seconds, 10);
}

TEST(EngineSchedule, LingeringEndsWhenTheOthersLeaveAnotherWay) {
  Overlap overlap;
  TestGraph graph;
  graph.Source(10).Stage({.name = "a", .outputs = 2}, [](StageContext& context, Records records) {
    std::this_thread::sleep_for(milliseconds(1));
    return records[0]->number < 3 ? context.Emit(0, records[0]) : context.Fail(records[0], Internal("x"));
  });
  graph.Stage({.name = "b", .max_batch = 8, .linger = std::chrono::seconds(30)}, EmitAll()).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("a", "sink", 1).Edge("b", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 3u);
  EXPECT_LT(report.seconds, 10);
}

TEST(EngineSchedule, TellsHowManyRecordsStoodBeforeAStage) {
  TestGraph graph({.credits = 64, .deterministic = true});
  graph.Source(64).Stage({.name = "narrow", .max_batch = 4}, EmitAll()).Sink();
  graph.Edge("source", "narrow").Edge("narrow", "sink");
  const RunReport report = graph.Run();
  const StageStats& narrow = report.stages.at("narrow");
  const StageStats::Distribution& queue = narrow.samples.at("queue");
  EXPECT_EQ(queue.count, narrow.calls);
  EXPECT_EQ(queue.max, 64) << "all that the source made";
  EXPECT_EQ(queue.min, 4) << "the last call's own";
  EXPECT_EQ(queue.sum, 4 * (16 * 17) / 2) << "four fewer each time";
}

TEST(EngineSchedule, LingeringLastsAsLongAsItSays) {
  TestGraph graph({.threads = 2});
  std::atomic<bool> called = false;  // the first record left `b` while the second was still at `a`
  graph.Source(2).Stage({.name = "a"}, [&called](StageContext& context, Records records) {
    for (int i = 0; records[0]->number == 1 && !called && i < 10000; ++i) std::this_thread::sleep_for(milliseconds(1));
    return EmitAll()(context, records);
  });
  graph
      .Stage({.name = "b", .max_batch = 2, .linger = milliseconds(20)},
             [&called](StageContext& context, Records records) {
               called = true;
               return EmitAll()(context, records);
             })
      .Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  EXPECT_EQ(graph.Run().stages.at("b").calls, 2u);
}

TEST(EngineSchedule, StagesOfACycleLingerForEachOther) {
  TestGraph graph({.credits = 24, .threads = 2});
  graph.Source(96).Stage({.name = "draft", .max_batch = 8, .linger = milliseconds(2)}, EmitAll());
  graph.Stage({.name = "verify", .outputs = 2, .max_batch = 8, .linger = milliseconds(2), .exclusive = "m"},
              [](StageContext& context, Records records) {
                for (Record* r : records)
                  RETORT_RETURN_IF_ERROR(context.Emit(r->cycles < 3 + r->number % 5 ? 1 : 0, r));
                return Status();
              });
  graph.Sink().Edge("source", "draft").Edge("draft", "verify").Edge("verify", "sink").Edge("verify", "draft", 1, true);
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 96u);
}

// While a body waits for its parallel loop, the thread must not start another stage's call on the same stack.
TEST(EngineSchedule, ABodysParallelLoopDoesNotRunOtherStages) {
  static thread_local int depth = 0;
  std::atomic<int> deepest{0};
  auto loop = [&](StageContext& context, Records records) {
    int now = ++depth;
    if (now > deepest) deepest = now;
    tbb::parallel_for(0, 64, [](int) {
      volatile double x = 0;
      for (int i = 0; i < 200; ++i) x = x + i;
    });
    --depth;
    return EmitAll()(context, records);
  };
  TestGraph graph({.threads = 4});
  graph.Source(500).Stage({.name = "a"}, loop).Stage({.name = "b"}, loop).Stage({.name = "c"}, loop).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "c").Edge("c", "sink");
  EXPECT_EQ(graph.Run().completed, 500u);
  EXPECT_EQ(deepest, 1);
}

// Stages "a" -> "b" on one thread, each call longer than what counts as short: the order of the calls.
std::string OrderOfCalls(int priority_of_a) {
  std::string order;
  auto note = [&order](char name) {
    return [&order, name](StageContext& context, Records records) {
      order += name;
      std::this_thread::sleep_for(milliseconds(1));
      return EmitAll()(context, records);
    };
  };
  TestGraph graph({.credits = 8, .threads = 1});
  graph.Source(8).Stage({.name = "a", .priority = priority_of_a}, note('a')).Stage({.name = "b"}, note('b')).Sink();
  graph.Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  EXPECT_EQ(graph.Run().completed, 8u);
  return order;
}

TEST(EngineSchedule, DownstreamComesFirst) { EXPECT_EQ(OrderOfCalls(0), "abababababababab"); }

TEST(EngineSchedule, PriorityComesBeforeThat) { EXPECT_EQ(OrderOfCalls(1), "aaaaaaaabbbbbbbb"); }

TEST(EngineSchedule, TwoEnginesRunAtTheSameTimeFromAnyThread) {
  std::vector<std::thread> threads;
  std::atomic<uint64_t> completed{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      TestGraph graph({.credits = 16, .threads = 2});
      graph.Source(2000)
          .Stage({.name = "a", .concurrent = true}, EmitAll())
          .Sink()
          .Edge("source", "a")
          .Edge("a", "sink");
      completed += graph.Run().completed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(completed, 8000u);
}

// What a model has begun goes before what it has not, so that few records are under way however many are admitted.
TEST(EngineSchedule, AModelFinishesWhatItHasBegun) {
  for (bool deterministic : {false, true}) {
    std::set<uint64_t> under_way;
    size_t most = 0;
    TestGraph graph({.credits = 64, .deterministic = deterministic});
    graph.Source(64).Stage({.name = "model", .outputs = 2, .max_batch = 4, .exclusive = "m"},
                           [&](StageContext& context, Records records) {
                             for (Record* record : records) under_way.insert(record->number);
                             most = std::max(most, under_way.size());
                             for (Record* record : records) {
                               const bool over = record->cycles >= 3 + record->number % 5;
                               if (over) under_way.erase(record->number);
                               RETORT_RETURN_IF_ERROR(context.Emit(over ? 0 : 1, record));
                             }
                             return Status();
                           });
    graph.Sink().Edge("source", "model").Edge("model", "sink").Edge("model", "model", 1, true);
    EXPECT_EQ(graph.Run().completed, 64u);
    EXPECT_EQ(most, 4u);
  }
}

}  // namespace
}  // namespace retort::test

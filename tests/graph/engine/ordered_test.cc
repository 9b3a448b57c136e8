// Ordered stages get records in the order of admission, whatever happened on the way.
#include <atomic>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

// source -> mix (concurrent; fails, skips, completes, cycles) -> write (ordered): what write saw.
std::vector<uint64_t> RunMix(uint64_t seed, uint32_t credits, RunReport& report) {
  std::vector<uint64_t> seen;
  TestGraph graph({.credits = credits, .threads = 4});
  graph.Source(600).Stage({.name = "mix", .outputs = 2, .max_batch = 3, .concurrent = true},
                          [seed](StageContext& context, Records records) {
                            for (auto it = records.rbegin(); it != records.rend(); ++it) {
                              Record* record = *it;
                              std::mt19937_64 random(seed * 1000003 + record->number * 31 + record->cycles);
                              uint64_t dice = random() % 20;
                              Status given = dice == 0   ? context.Fail(record, Internal("x"))
                                             : dice == 1 ? context.Skip(record, "x")
                                             : dice == 2 ? context.Complete(record)
                                             : dice < 9  ? context.Emit(1, record)
                                                         : context.Emit(0, record);
                              RETORT_RETURN_IF_ERROR(given);
                            }
                            return Status();
                          });
  graph.Stage({.name = "write", .outputs = 0, .max_batch = 5, .ordered = true, .blocking = true},
              [&](StageContext& context, Records records) {
                for (Record* record : records) seen.push_back(record->number);
                return CompleteAll()(context, records);
              });
  graph.Edge("source", "mix").Edge("mix", "write").Edge("mix", "mix", 1, true);
  report = graph.Run();
  return seen;
}

TEST(EngineOrdered, OrderHoldsThroughFailuresSkipsAndCycles) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    RunReport report;
    std::vector<uint64_t> seen = RunMix(seed, seed % 3 == 0 ? 1 : 40, report);
    ASSERT_TRUE(report.status.ok()) << report.status.ToString();
    ASSERT_TRUE(report.conserved());
    ASSERT_EQ(report.admitted, 600u);
    ASSERT_TRUE(std::is_sorted(seen.begin(), seen.end())) << "seed " << seed;
    ASSERT_GT(seen.size(), 400u);
    ASSERT_GT(report.failed, 0u);
  }
}

TEST(EngineOrdered, AHeadThatCyclesForLongHoldsOthersWithinTheCredits) {
  std::vector<uint64_t> seen;
  TestGraph graph({.credits = 8});
  graph.Source(100).Stage({.name = "a", .outputs = 2}, [](StageContext& context, Records records) {
    return context.Emit(records[0]->number == 0 && records[0]->cycles < 5000 ? 1 : 0, records[0]);
  });
  graph.Stage({.name = "write", .outputs = 0, .max_batch = 4, .ordered = true},
              [&](StageContext& context, Records records) {
                for (Record* record : records) seen.push_back(record->number);
                return CompleteAll()(context, records);
              });
  graph.Edge("source", "a").Edge("a", "write").Edge("a", "a", 1, true);
  EXPECT_EQ(graph.Run().completed, 100u);
  ASSERT_EQ(seen.size(), 100u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(EngineOrdered, AHeadThatFailsLetsTheOthersGo) {
  TestGraph graph({.credits = 4});
  graph.Source(50).Stage({.name = "a"}, [](StageContext& context, Records records) {
    return records[0]->number == 0 ? context.Fail(records[0], Internal("x")) : context.Emit(0, records[0]);
  });
  graph.Stage({.name = "write", .outputs = 0, .ordered = true}, CompleteAll()).Edge("source", "a").Edge("a", "write");
  EXPECT_EQ(graph.Run().completed, 49u);
}

TEST(EngineOrdered, AnOrderedStageInACycleDoesNotWaitForItself) {
  std::vector<uint64_t> first;
  TestGraph graph({.credits = 6});
  graph.Source(60).Stage({.name = "a", .outputs = 2, .ordered = true}, [&](StageContext& context, Records records) {
    if (records[0]->cycles == 0) first.push_back(records[0]->number);
    return context.Emit(records[0]->cycles < 3 ? 1 : 0, records[0]);
  });
  graph.Sink().Edge("source", "a").Edge("a", "sink").Edge("a", "a", 1, true);
  EXPECT_EQ(graph.Run().completed, 60u);
  EXPECT_EQ(first.size(), 60u);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
}

TEST(EngineOrdered, TwoOrderedBranchesDoNotWaitForEachOther) {
  TestGraph graph({.credits = 5});
  graph.Source(200).Stage({.name = "split", .outputs = 2, .max_batch = 3, .concurrent = true},
                          [](StageContext& context, Records records) {
                            for (Record* r : records) RETORT_RETURN_IF_ERROR(context.Emit(r->number % 3 == 0, r));
                            return Status();
                          });
  graph.Stage({.name = "left", .outputs = 0, .ordered = true}, CompleteAll());
  graph.Stage({.name = "right", .outputs = 0, .ordered = true}, CompleteAll());
  graph.Edge("source", "split").Edge("split", "left").Edge("split", "right", 1);
  EXPECT_EQ(graph.Run().completed, 200u);
}

}  // namespace
}  // namespace retort::test

// Deterministic mode: the same input gives the same calls in the same order with the same batches.
#include <sstream>

#include <gtest/gtest.h>

#include "tests/graph/engine/test_graph.h"

namespace retort::test {
namespace {

// Every kind of stage; returns one line a call.
std::string Trace(int threads, uint32_t credits) {
  std::ostringstream trace;
  auto traced = [&trace](const char* name, Handler process) {
    return [&trace, name, process](StageContext& context, Records records) {
      trace << name;
      for (Record* record : records) trace << ' ' << record->id;
      trace << '\n';
      return process(context, records);
    };
  };
  TestGraph graph(
      {.credits = credits, .deterministic = true, .threads = threads, .dead_letter_path = TempPath("dead")});
  graph.Source(150);
  graph.Stage({.name = "draft", .max_batch = 8, .linger = std::chrono::milliseconds(5), .exclusive = "m"},
              traced("draft", EmitAll()));
  graph.Stage({.name = "verify", .outputs = 2, .max_batch = 6, .exclusive = "m"},
              traced("verify", [](StageContext& context, Records records) {
                for (Record* record : records) {
                  Status given = record->number % 17 == 3
                                     ? context.Fail(record, Internal("x"))
                                     : context.Emit(record->cycles < record->number % 7 ? 1 : 0, record);
                  RETORT_RETURN_IF_ERROR(given);
                }
                return Status();
              }));
  graph.Stage({.name = "free", .max_batch = 2, .concurrent = true}, traced("free", EmitAll()));
  graph.Stage({.name = "write", .outputs = 0, .max_batch = 4, .ordered = true, .blocking = true},
              traced("write", CompleteAll()));
  graph.Edge("source", "draft").Edge("draft", "verify").Edge("verify", "draft", 1, true);
  graph.Edge("verify", "free").Edge("free", "write");
  RunReport report = graph.Run();
  EXPECT_TRUE(report.status.ok()) << report.status.ToString();
  EXPECT_EQ(report.failed, 9u);
  EXPECT_EQ(report.completed, 141u);
  for (const std::string& line : ReadLines(TempPath("dead"))) trace << line << '\n';
  return trace.str();
}

TEST(EngineDeterministic, TheTraceDependsOnNothingButTheInput) {
  const std::string expected = Trace(1, 32);
  EXPECT_GT(expected.size(), 1000u);
  for (int threads : {1, 2, 4, 8, 0}) {
    for (int run = 0; run < 4; ++run) ASSERT_EQ(Trace(threads, 32), expected) << threads << " threads";
  }
}

TEST(EngineDeterministic, BatchesAreFullWhileThereIsWork) {
  TestGraph graph({.credits = 64, .deterministic = true});
  graph.Source(640).Stage({.name = "a"}, EmitAll());
  graph.Stage({.name = "b", .max_batch = 16}, EmitAll()).Sink().Edge("source", "a").Edge("a", "b").Edge("b", "sink");
  RunReport report = graph.Run();
  EXPECT_EQ(report.completed, 640u);
  EXPECT_EQ(report.stages.at("b").calls, 40u);
}

}  // namespace
}  // namespace retort::test

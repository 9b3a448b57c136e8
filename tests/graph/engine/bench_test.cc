#include "core/graph/engine/bench.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

// Nothing is measured under sanitizers: they change what things cost, and the bare oneTBB chain that the engine is
// compared with lies outside of what the thread sanitizer can follow.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

TEST(EngineBench, MeasuresWhatItSays) {
  Result<EngineBench> bench =
      RunEngineBench({.threads = 2, .repeats = 1, .records = 500, .hops = 3, .flow_records = 2000});
  ASSERT_TRUE(bench.ok()) << bench.status().ToString();
  EXPECT_GT(bench->bare_hop_ns, 0);
  EXPECT_GT(bench->engine_hop_ns, 0);
  EXPECT_GT(bench->batched_hop_ns, 0);
  EXPECT_GT(bench->hop_ratio, 0);
  EXPECT_GT(bench->ring_ratio, 0);
  EXPECT_GT(bench->flow_records_per_second, 0);
  EXPECT_EQ(bench->ToJson()["hops"], 3);
  EXPECT_EQ(RunEngineBench({.hops = 1}).status().code(), StatusCode::kInvalidArgument);
}

// The engine's two promises in numbers. Load on the machine moves a pair's ratio either way; an engine that costs more
// shows in all of them.
TEST(EngineBench, AHopCostsAtMostHalfMoreThanABareNode_slow) {
  Result<EngineBench> bench = RunEngineBench({.flow_records = 1000});
  ASSERT_TRUE(bench.ok()) << bench.status().ToString();
  EXPECT_LE(bench->least_hop_ratio, 1.5) << bench->ToJson().dump(2);
}

TEST(EngineBench, AMillionRecordsThroughFiveStagesAndACycleTakeFlatMemory_slow) {
  Result<EngineBench> bench = RunEngineBench({.repeats = 1, .records = 1000});
  ASSERT_TRUE(bench.ok()) << bench.status().ToString();
  ASSERT_GT(bench->flow_resident_mib, 0);
  EXPECT_LT(bench->flow_resident_growth, 0.01) << bench->ToJson().dump(2);
}

#endif

}  // namespace
}  // namespace retort

// What can be said of a run before its end.
#include "core/graph/run_view.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

LiveStage Source(uint64_t made, std::map<std::string, double> counters, bool ended = false) {
  LiveStage stage;
  stage.source = true;
  stage.load.ended = ended;
  stage.stats.records_out = made;
  stage.stats.counters = std::move(counters);
  return stage;
}

RunView Of(std::vector<LiveStage> stages) {
  stages.emplace_back();  // a stage that is no source tells nothing of the input
  RunView view;
  view.stages = std::move(stages);
  return view;
}

TEST(ExpectRecords, ComesFromTheShareOfTheInputThatWasRead) {
  const auto expected = ExpectRecords(Of({Source(50, {{"input_bytes", 1000}, {"input_bytes_read", 250}})}));
  ASSERT_TRUE(expected);
  EXPECT_EQ(expected->records, 200u);
  EXPECT_FALSE(expected->exact);
}

TEST(ExpectRecords, RecordsThatFailedInTheSourceCount) {
  LiveStage source = Source(40, {{"input_bytes", 1000}, {"input_bytes_read", 250}});
  source.stats.failed = 10;
  EXPECT_EQ(ExpectRecords(Of({source}))->records, 200u);
}

TEST(ExpectRecords, ASourceThatStopsEarlyReadsNoMore) {
  const auto expected = ExpectRecords(
      Of({Source(50, {{"input_bytes", 1000}, {"input_bytes_read", 250}, {"input_records_at_most", 80}})}));
  EXPECT_EQ(expected->records, 80u);
}

TEST(ExpectRecords, IsExactOnceAllSourcesEnded) {
  const auto expected = ExpectRecords(Of({Source(7, {}, true), Source(5, {{"input_bytes", 9}}, true)}));
  ASSERT_TRUE(expected);
  EXPECT_EQ(expected->records, 12u);
  EXPECT_TRUE(expected->exact);
}

TEST(ExpectRecords, IsNotKnownOfAPipeOrBeforeTheFirstRecord) {
  EXPECT_FALSE(ExpectRecords(Of({Source(50, {})})));
  EXPECT_FALSE(ExpectRecords(Of({Source(0, {{"input_bytes", 1000}})})));
  EXPECT_FALSE(ExpectRecords(Of({Source(7, {}, true), Source(50, {})}))) << "one of two sources is known";
}

TEST(ExpectRecords, IsNeverLessThanWhatWasRead) {
  RunView view = Of({Source(50, {{"input_bytes", 100}, {"input_bytes_read", 400}})});
  view.records.admitted = 60;
  EXPECT_EQ(ExpectRecords(view)->records, 60u);
}

TEST(AcceptanceRate, IsThatOfAllStages) {
  RunView view = Of({});
  EXPECT_FALSE(AcceptanceRate(view));
  view.stages[0].stats.counters = {{"draft_tokens", 30}, {"accepted_tokens", 6}};
  view.stages.emplace_back().stats.counters = {{"draft_tokens", 10}, {"accepted_tokens", 4}};
  EXPECT_DOUBLE_EQ(*AcceptanceRate(view), 0.25);
}

}  // namespace
}  // namespace retort

// What the progress of a run says, and how it is fitted to a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/cli/live/progress_text.h"
#include "tools/cli/live/terminal.h"
#include "tools/cli/progress_line.h"

namespace retort::testing {
namespace {

using cli::DurationText;
using cli::JoinToColumns;
using cli::ProgressParts;
using ::testing::ElementsAre;

/// 30 of about 120 records are done.
RunView Quarter() {
  RunView view;
  view.records = {.admitted = 60, .completed = 28, .failed = 2, .skipped = 0, .cancelled = 0, .not_begun = 0};
  LiveStage& source = view.stages.emplace_back();
  source.source = true;
  source.stats.records_out = 60;
  source.stats.counters = {{"input_bytes", 1000}, {"input_bytes_read", 500}};
  return view;
}

TEST(Progress, TellsWhatIsLeftWhereTheInputSaysHowLargeItIs) {
  EXPECT_THAT(ProgressParts(Quarter(), {.seconds = 100}),
              ElementsAre("30/~120 records (25 %)", "2 failed", "ETA 5:00", "1:40"));
  EXPECT_THAT(ProgressParts(Quarter(), {.seconds = 0.4, .bar = true}),
              ElementsAre("[####------------] 30/~120 records (25 %)", "2 failed", "0 s"))
      << "too early to tell what is left";
}

TEST(Progress, TellsHowModelsGoOn) {
  RunView view = Quarter();
  view.tokens = 500;
  view.stages[0].load.ended = true;
  view.stages.emplace_back().stats.counters = {{"draft_tokens", 400}, {"accepted_tokens", 100}};
  EXPECT_THAT(ProgressParts(view, {.seconds = 60, .tokens_per_second = 8.26}),
              ElementsAre("30/60 records (50 %)", "2 failed", "ETA 1:00", "8.3 tokens/s", "acceptance 25 %", "1:00",
                          "500 tokens"));
}

TEST(Progress, PromisesNothingAboutAPipeOrARunThatIsBeingEnded) {
  RunView view = Quarter();
  view.stages[0].stats.counters.clear();
  EXPECT_THAT(ProgressParts(view, {.seconds = 60}), ElementsAre("30 of 60 records read are done", "2 failed", "1:00"));
  view = Quarter();
  view.records.not_begun = view.records.cancelled = 20;
  EXPECT_THAT(ProgressParts(view, {.seconds = 60}),
              ElementsAre("50 of 60 records read are done", "2 failed", "20 let go before they were begun", "1:00"));
}

TEST(Progress, Durations) {
  EXPECT_EQ(DurationText(0.4), "0 s");
  EXPECT_EQ(DurationText(59.4), "59 s");
  EXPECT_EQ(DurationText(59.6), "1:00");
  EXPECT_EQ(DurationText(3600 + 62), "1:01:02");
}

TEST(JoinToColumns, LeavesOutWhatDoesNotFit) {
  const std::vector<std::string> parts = {"3/9 records", "0 failed", "1 s"};
  EXPECT_EQ(JoinToColumns(parts, 0), "3/9 records, 0 failed, 1 s");
  EXPECT_EQ(JoinToColumns(parts, 26), "3/9 records, 0 failed, 1 s");
  EXPECT_EQ(JoinToColumns(parts, 25), "3/9 records, 0 failed");
  EXPECT_EQ(JoinToColumns(parts, 7), "3/9 rec");
  EXPECT_EQ(JoinToColumns({"äöü€"}, 3), "äöü");
}

TEST(ProgressLine, WhereThereIsNoTerminalLinesArePlain) {
  ::testing::internal::CaptureStderr();
  {
    cli::ProgressLine line;
    EXPECT_FALSE(line.terminal());
    EXPECT_EQ(line.period(), std::chrono::seconds(10));
    line.Show(std::vector<std::string>{"1/2 records", std::string(200, 'x')});
    line.Show("2/2 records");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "1/2 records, " + std::string(200, 'x') + "\n2/2 records\n");
}

}  // namespace
}  // namespace retort::testing

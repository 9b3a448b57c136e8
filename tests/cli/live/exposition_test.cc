// Metrics as text: written, checked against the rules of the format, and read back.
#include "tools/cli/live/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cli/live/exposition_check.h"
#include "tools/cli/live/run_metrics.h"
#include "tools/cli/live/top_table.h"

namespace retort::testing {
namespace {

using cli::ExpositionWriter;
using cli::ReadExposition;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Exposition, WhatIsWrittenIsRead) {
  ExpositionWriter writer;
  writer.Metric("a_total", "counter", "Back\\slash\nand line.");
  writer.Sample({{"name", "q\"uo\\te\n"}, {"other", "a,b}c=d"}}, 1.0 / 3);
  writer.Sample({}, 1e300);
  writer.Metric("s", "summary", "Sums.");
  writer.Sample({{"x", ""}}, 18014398509481984.0, "_sum");
  const std::string text = writer.Take();
  EXPECT_EQ(ExpositionFault(text), "");
  const auto samples = ReadExposition(text);
  ASSERT_TRUE(samples.ok()) << samples.status().ToString();
  ASSERT_EQ(samples->size(), 3u);
  EXPECT_EQ((*samples)[0].label("name"), "q\"uo\\te\n");
  EXPECT_EQ((*samples)[0].label("other"), "a,b}c=d");
  EXPECT_EQ((*samples)[0].value, 1.0 / 3);
  EXPECT_EQ((*samples)[1].value, 1e300);
  EXPECT_EQ((*samples)[2].name, "s_sum");
  EXPECT_EQ((*samples)[2].value, 18014398509481984.0);
}

TEST(Exposition, ReadsWhatOthersWrite) {
  const auto samples = ReadExposition("# a comment\n\nup{job=\"x\", } 1 1700000000\nnone NaN\n");
  ASSERT_TRUE(samples.ok()) << samples.status().ToString();
  EXPECT_EQ((*samples)[0].value, 1);
  EXPECT_EQ((*samples)[0].label("job"), "x");
}

TEST(Exposition, ALineThatIsNoMetricIsNamed) {
  for (const char* text : {"a 1\nb{x=\"1\" 2\n", "a 1\n{} 1\n", "a 1\nb\n", "a 1\nb one\n", "a 1\n<html>\n"}) {
    const auto samples = ReadExposition(text);
    EXPECT_EQ(samples.status().code(), StatusCode::kDataLoss) << text;
    EXPECT_THAT(samples.status().message(), HasSubstr("line 2 is no metric")) << text;
  }
}

/// A run of a source and a verifier, 10 s after its beginning.
struct SampleRun {
  SampleRun() {
    pipeline.name = "sample";
    pipeline.stages.resize(2);
    pipeline.stages[0].name = "read";
    pipeline.stages[1].name = "verify";
    pipeline.stages[1].max_batch = 16;
    pipeline.stages[1].run_models = {"target"};
    view.records = {.admitted = 60, .completed = 30, .failed = 2, .skipped = 0, .cancelled = 0, .not_begun = 0};
    view.tokens = 500;
    view.stages.resize(2);
    view.stages[0].source = true;
    view.stages[0].stats.records_out = 60;
    view.stages[0].stats.counters = {{"input_bytes", 1000}, {"input_bytes_read", 500}};
    LiveStage& verify = view.stages[1];
    verify.load = {.waiting = 12, .running = 1, .ended = false};
    verify.stats.calls = 100;
    verify.stats.records_in = 1200;
    verify.stats.busy_seconds = 9;
    verify.stats.counters = {{"drafts", 90},           {"draft_tokens", 400},
                             {"accepted_tokens", 100}, {"accepted_tokens/ngram", 100},
                             {"skipped: odd", 1},      {"steps", 100}};
    verify.stats.samples["batch"] = {.count = 100, .sum = 1200, .min = 1, .max = 16};
    verify.stats.samples["step_seconds/12"] = {.count = 60, .sum = 5, .min = 0, .max = 1};
    verify.stats.samples["step_seconds/13"] = {.count = 40, .sum = 3, .min = 0, .max = 1};
  }
  std::string Text(double seconds = 10) const { return cli::RunMetricsText(pipeline, "dir/p.yaml", view, seconds); }

  PipelineDescription pipeline;
  RunView view;
};

TEST(RunMetrics, KeepTheRulesAndTellTheRun) {
  const std::string text = SampleRun().Text();
  EXPECT_EQ(ExpositionFault(text), "");
  for (const char* line :
       {"retort_records_total{outcome=\"done\"} 30\n", "retort_records_total{outcome=\"failed\"} 2\n",
        "retort_records_in_flight 28\n", "retort_records_expected 120\n", "retort_tokens_generated_total 500\n",
        "retort_stage_queue_length{stage=\"verify\"} 12\n", "retort_stage_running_calls{stage=\"verify\"} 1\n",
        "retort_stage_busy_seconds_total{stage=\"verify\"} 9\n",
        "retort_stage_batch_records_sum{stage=\"verify\"} 1200\n",
        "retort_stage_batch_records_count{stage=\"verify\"} 100\n", "retort_draft_tokens_total{stage=\"verify\"} 400\n",
        "retort_accepted_tokens_total{stage=\"verify\"} 100\n",
        "retort_model_steps_total{stage=\"verify\",model=\"target\",part=\"decode\"} 100\n",
        "retort_model_step_seconds_total{stage=\"verify\",model=\"target\",part=\"decode\"} 8\n",
        "retort_stage_counter_total{stage=\"verify\",name=\"steps\"} 100\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("ngram"))) << "names with a parameter would be series without end";
}

TEST(RunMetrics, ResidentMemoryIsThatOfTheProcess) {
  const auto samples = ReadExposition(SampleRun().Text());
  ASSERT_TRUE(samples.ok());
  const auto found = std::find_if(samples->begin(), samples->end(),
                                  [](const auto& sample) { return sample.name == "process_resident_memory_bytes"; });
  ASSERT_NE(found, samples->end());
  EXPECT_GT(found->value, 1 << 20);
}

TEST(TopTable, ShowsMeansSinceTheBeginning) {
  const auto now = cli::ReadSnapshot(SampleRun().Text());
  ASSERT_TRUE(now.ok()) << now.status().ToString();
  const std::string table = cli::TopTable(*now, nullptr, "127.0.0.1:9464");
  EXPECT_THAT(table, HasSubstr("sample (pid "));
  EXPECT_THAT(table, HasSubstr("127.0.0.1:9464), 10 s, "));
  EXPECT_THAT(table, HasSubstr("records: 30 of 120 done, 2 failed, 28 in flight, 3.2/s; tokens: 500, 50.0/s; "
                               "acceptance 25 %\n"));
  EXPECT_THAT(table, HasSubstr("  verify                 10.0        120.0       12        1   12.0 of 16    90 %\n"));
  EXPECT_THAT(table, HasSubstr("  read                    0.0          6.0        0        0            -     0 %\n"));
}

TEST(TopTable, ShowsWhatHappenedBetweenTwoLooks) {
  SampleRun run;
  const auto before = cli::ReadSnapshot(run.Text(10));
  run.view.records.completed += 5;
  run.view.tokens += 80;
  LiveStage& verify = run.view.stages[1];
  verify.stats.calls += 4;
  verify.stats.records_in += 8;
  verify.stats.busy_seconds += 1;
  verify.stats.samples["batch"].count += 4;
  verify.stats.samples["batch"].sum += 8;
  verify.stats.counters["draft_tokens"] += 10;
  verify.stats.counters["accepted_tokens"] += 9;
  const auto now = cli::ReadSnapshot(run.Text(12));
  ASSERT_TRUE(before.ok() && now.ok());
  const std::string table = cli::TopTable(*now, &*before, "127.0.0.1:9464");
  EXPECT_THAT(table, HasSubstr("23 in flight, 2.5/s; tokens: 580, 40.0/s; acceptance 90 %\n"));
  EXPECT_THAT(table, HasSubstr("  verify                  2.0          4.0       12        1    2.0 of 16    50 %\n"));
}

TEST(TopTable, OtherMetricsAreRefusedAndNamesCannotMoveTheCursor) {
  EXPECT_EQ(cli::ReadSnapshot("up 1\n").status().code(), StatusCode::kDataLoss);
  SampleRun run;
  run.pipeline.name = "a\033[2Jb";
  const auto now = cli::ReadSnapshot(run.Text());
  ASSERT_TRUE(now.ok());
  EXPECT_THAT(cli::TopTable(*now, nullptr, "e"), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace retort::testing

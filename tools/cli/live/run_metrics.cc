#include "tools/cli/live/run_metrics.h"

#include <unistd.h>

#include <functional>
#include <utility>

#include "core/graph/engine/bench.h"
#include "core/graph/report/metric_names.h"
#include "tools/cli/live/exposition.h"

namespace retort::cli {
namespace {

double Count(uint64_t count) { return static_cast<double>(count); }

class RunMetrics {
 public:
  RunMetrics(const PipelineDescription& pipeline, const RunView& view) : pipeline_(pipeline), view_(view) {}

  void Run(const std::string& file, double seconds);
  void Stages();
  void Speculation();
  void Models();
  void OwnCounters();
  std::string Take() { return out_.Take(); }

 private:
  using Value = std::function<double(const LiveStage&)>;
  Labels Label(size_t stage) const { return {{"stage", pipeline_.stages[stage].name}}; }
  void OfEachStage(const std::string& name, const char* type, const char* help, const Value& value);
  /// The counter of the stages that have it.
  void OfCounter(const std::string& name, const char* help, const std::string& counter);
  /// The model that a stage runs, where it runs one.
  Labels WithModel(size_t stage, const char* part) const;

  const PipelineDescription& pipeline_;
  const RunView& view_;
  ExpositionWriter out_;
};

void RunMetrics::Run(const std::string& file, double seconds) {
  const Engine::Progress& records = view_.records;
  out_.Metric("retort_run_info", "gauge", "The pipeline that runs.");
  out_.Sample({{"pipeline", pipeline_.name}, {"file", file}, {"pid", std::to_string(getpid())}}, 1);
  out_.Metric("retort_run_seconds", "gauge", "Seconds since the run began.");
  out_.Sample({}, seconds);
  out_.Metric("retort_records_admitted_total", "counter", "Records that sources have created.");
  out_.Sample({}, Count(records.admitted));
  out_.Metric("retort_records_total", "counter", "Records that have left the pipeline, by what came of them.");
  out_.Sample({{"outcome", "done"}}, Count(records.completed));
  out_.Sample({{"outcome", "failed"}}, Count(records.failed));
  out_.Sample({{"outcome", "skipped"}}, Count(records.skipped));
  out_.Sample({{"outcome", "cancelled"}}, Count(records.cancelled));
  out_.Metric("retort_records_in_flight", "gauge", "Records between a source and their end.");
  out_.Sample({}, Count(records.in_flight()));
  if (const auto expected = ExpectRecords(view_)) {
    out_.Metric("retort_records_expected", "gauge", "Records that the input holds, estimated from its size.");
    out_.Sample({}, Count(expected->records));
  }
  out_.Metric("retort_tokens_generated_total", "counter", "Tokens that models have added to records.");
  out_.Sample({}, Count(view_.tokens));
  out_.Metric("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
  out_.Sample({}, Count(ResidentBytes()));
}

void RunMetrics::OfEachStage(const std::string& name, const char* type, const char* help, const Value& value) {
  out_.Metric(name, type, help);
  for (size_t i = 0; i < view_.stages.size(); ++i) out_.Sample(Label(i), value(view_.stages[i]));
}

void RunMetrics::Stages() {
  OfEachStage("retort_stage_calls_total", "counter", "Calls of a stage that have ended.",
              [](const LiveStage& s) { return Count(s.stats.calls); });
  OfEachStage("retort_stage_records_in_total", "counter", "Records that a stage was called with.",
              [](const LiveStage& s) { return Count(s.stats.records_in); });
  OfEachStage("retort_stage_records_out_total", "counter", "Records that a stage has sent on.",
              [](const LiveStage& s) { return Count(s.stats.records_out); });
  OfEachStage("retort_stage_records_failed_total", "counter", "Records that have failed in a stage.",
              [](const LiveStage& s) { return Count(s.stats.failed); });
  OfEachStage("retort_stage_busy_seconds_total", "counter", "Seconds spent in calls of a stage.",
              [](const LiveStage& s) { return s.stats.busy_seconds; });
  OfEachStage("retort_stage_queue_length", "gauge", "Records that wait before a stage.",
              [](const LiveStage& s) { return Count(s.load.waiting); });
  OfEachStage("retort_stage_running_calls", "gauge", "Calls of a stage that run now.",
              [](const LiveStage& s) { return Count(s.load.running); });
  out_.Metric("retort_stage_max_batch_records", "gauge", "Records that a call of a stage takes at most.");
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    if (!view_.stages[i].source) out_.Sample(Label(i), pipeline_.stages[i].max_batch);
  }
  out_.Metric("retort_stage_batch_records", "summary", "Records a call of a stage.");
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    const auto batch = view_.stages[i].stats.samples.find("batch");
    if (batch == view_.stages[i].stats.samples.end()) continue;
    out_.Sample(Label(i), batch->second.sum, "_sum");
    out_.Sample(Label(i), Count(batch->second.count), "_count");
  }
}

void RunMetrics::OfCounter(const std::string& name, const char* help, const std::string& counter) {
  bool named = false;
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    const auto& counters = view_.stages[i].stats.counters;
    const auto found = counters.find(counter);
    if (found == counters.end()) continue;
    if (!std::exchange(named, true)) out_.Metric(name, "counter", help);
    out_.Sample(Label(i), found->second);
  }
}

void RunMetrics::Speculation() {
  OfCounter("retort_drafts_total", "Drafts of which a stage has verified something.", "drafts");
  OfCounter("retort_draft_tokens_total", "Drafted tokens that a stage has verified.", "draft_tokens");
  OfCounter("retort_accepted_tokens_total", "Drafted tokens that a stage has accepted.", "accepted_tokens");
}

Labels RunMetrics::WithModel(size_t stage, const char* part) const {
  Labels labels = Label(stage);
  const std::vector<std::string>& models = pipeline_.stages[stage].run_models;
  if (models.size() == 1) labels.emplace_back("model", models.front());
  labels.emplace_back("part", part);
  return labels;
}

void RunMetrics::Models() {
  out_.Metric("retort_model_steps_total", "counter", "Forward steps of a model, by the stage that asked for them.");
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    const auto& counters = view_.stages[i].stats.counters;
    for (const auto& [counter, part] : {std::pair("steps", "decode"), std::pair("draft_steps", "draft")}) {
      if (counters.contains(counter)) out_.Sample(WithModel(i, part), counters.at(counter));
    }
  }
  out_.Metric("retort_model_step_seconds_total", "counter", "Seconds of these steps, but for those that ran a prompt.");
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    const StageStats& stats = view_.stages[i].stats;
    double seconds = 0;
    ForEachMetric(stats.samples, "step_seconds", [&](std::string_view, const auto& sample) { seconds += sample.sum; });
    if (seconds > 0) out_.Sample(WithModel(i, "decode"), seconds);
    if (const double draft = CounterOr0(stats.counters, "draft_step_seconds"); draft > 0)
      out_.Sample(WithModel(i, "draft"), draft);
  }
}

/// What stages count under names of their own. Names with a parameter are left out: there may be hundreds.
void RunMetrics::OwnCounters() {
  out_.Metric("retort_stage_counter_total", "untyped", "Counters that a stage keeps, by their names.");
  for (size_t i = 0; i < view_.stages.size(); ++i) {
    for (const auto& [name, value] : view_.stages[i].stats.counters) {
      if (name.find_first_of("/: ") != std::string::npos) continue;
      Labels labels = Label(i);
      labels.emplace_back("name", name);
      out_.Sample(labels, value);
    }
  }
}

}  // namespace

std::string RunMetricsText(const PipelineDescription& pipeline, const std::string& file, const RunView& view,
                           double seconds) {
  RunMetrics metrics(pipeline, view);
  metrics.Run(file, seconds);
  metrics.Stages();
  metrics.Speculation();
  metrics.Models();
  metrics.OwnCounters();
  return metrics.Take();
}

}  // namespace retort::cli

#include "tools/cli/live/top_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/live/progress_text.h"

namespace retort::cli {
namespace {

TopSnapshot::Stage& StageOf(TopSnapshot& snapshot, const std::string& name) {
  for (TopSnapshot::Stage& stage : snapshot.stages) {
    if (stage.name == name) return stage;
  }
  snapshot.stages.emplace_back().name = name;
  return snapshot.stages.back();
}

/// Where the snapshot keeps a metric of a stage; null for others.
double* StageFigure(TopSnapshot& snapshot, const MetricSample& sample) {
  if (!sample.name.starts_with("retort_stage_")) return nullptr;
  const std::string name = sample.name.substr(std::string("retort_stage_").size());
  TopSnapshot::Stage& stage = StageOf(snapshot, sample.label("stage"));
  if (name == "calls_total") return &stage.calls;
  if (name == "records_in_total") return &stage.records;
  if (name == "busy_seconds_total") return &stage.busy_seconds;
  if (name == "queue_length") return &stage.queue;
  if (name == "running_calls") return &stage.running;
  if (name == "batch_records_count") return &stage.batches;
  if (name == "batch_records_sum") return &stage.batch_records;
  if (name == "max_batch_records") return &stage.max_batch;
  return nullptr;
}

double* RunFigure(TopSnapshot& snapshot, const MetricSample& sample) {
  const std::string outcome = sample.name == "retort_records_total" ? sample.label("outcome") : "";
  if (outcome == "done") return &snapshot.done;
  if (outcome == "failed") return &snapshot.failed;
  if (outcome == "skipped") return &snapshot.skipped;
  if (outcome == "cancelled") return &snapshot.cancelled;
  if (sample.name == "retort_run_seconds") return &snapshot.seconds;
  if (sample.name == "retort_records_in_flight") return &snapshot.in_flight;
  if (sample.name == "retort_records_expected") return &snapshot.expected.emplace();
  if (sample.name == "retort_tokens_generated_total") return &snapshot.tokens;
  if (sample.name == "process_resident_memory_bytes") return &snapshot.resident_bytes;
  return nullptr;
}

void Add(TopSnapshot& snapshot, const MetricSample& sample) {
  if (sample.name == "retort_run_info") {
    snapshot.pipeline = sample.label("pipeline").empty() ? sample.label("file") : sample.label("pipeline");
    snapshot.pid = sample.label("pid");
  } else if (sample.name == "retort_draft_tokens_total") {
    snapshot.draft_tokens += sample.value;
  } else if (sample.name == "retort_accepted_tokens_total") {
    snapshot.accepted_tokens += sample.value;
  } else if (double* const figure = RunFigure(snapshot, sample); figure != nullptr) {
    *figure = sample.value;
  } else if (double* const stage = StageFigure(snapshot, sample); stage != nullptr) {
    *stage = sample.value;
  }
}

/// A name from a file must not move the cursor.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string Head(const TopSnapshot& now, const TopSnapshot& before, double seconds, const std::string& endpoint) {
  const double ended = now.done + now.failed + now.skipped + now.cancelled;
  std::string head = fmt::format("{} (pid {}, {}), {}, {:.0f} MiB\n", Printable(now.pipeline), Printable(now.pid),
                                 endpoint, DurationText(now.seconds), now.resident_bytes / (1 << 20));
  head += fmt::format("records: {:.0f}{} done, {:.0f} failed, {:.0f} in flight, {:.1f}/s", now.done,
                      now.expected ? fmt::format(" of {:.0f}", *now.expected) : "", now.failed, now.in_flight,
                      (ended - before.done - before.failed - before.skipped - before.cancelled) / seconds);
  if (now.tokens > 0)
    head += fmt::format("; tokens: {:.0f}, {:.1f}/s", now.tokens, (now.tokens - before.tokens) / seconds);
  const double drafted = now.draft_tokens - before.draft_tokens;
  if (drafted > 0)
    head += fmt::format("; acceptance {:.0f} %", 100 * (now.accepted_tokens - before.accepted_tokens) / drafted);
  return head + "\n";
}

/// "12.0 of 16": records a call, over what a call takes at most.
std::string Batch(const TopSnapshot::Stage& now, const TopSnapshot::Stage& before) {
  const double calls = now.batches - before.batches;
  if (calls <= 0 || now.max_batch <= 0) return "-";
  return fmt::format("{:.1f} of {:.0f}", (now.batch_records - before.batch_records) / calls, now.max_batch);
}

}  // namespace

Result<TopSnapshot> ReadSnapshot(const std::string& page) {
  RETORT_ASSIGN_OR_RETURN(const std::vector<MetricSample> samples, ReadExposition(page));
  TopSnapshot snapshot;
  for (const MetricSample& sample : samples) Add(snapshot, sample);
  for (const MetricSample& sample : samples) {  // no records come into a source: it sends them on
    if (sample.name != "retort_stage_records_out_total") continue;
    TopSnapshot::Stage& stage = StageOf(snapshot, sample.label("stage"));
    if (stage.max_batch == 0) stage.records = sample.value;
  }
  if (snapshot.stages.empty()) return DataLoss("these are not the metrics of a retort run");
  return snapshot;
}

std::string TopTable(const TopSnapshot& now, const TopSnapshot* before, const std::string& endpoint) {
  static const TopSnapshot kNothing;
  TopSnapshot earlier = before != nullptr ? *before : kNothing;
  const double seconds = std::max(1e-3, now.seconds - earlier.seconds);
  std::string table = Head(now, earlier, seconds, endpoint);
  table += fmt::format("  {:<16} {:>10} {:>12} {:>8} {:>8} {:>12} {:>7}\n", "stage", "calls/s", "records/s", "waiting",
                       "running", "batch", "busy");
  for (const TopSnapshot::Stage& stage : now.stages) {
    const TopSnapshot::Stage& was = StageOf(earlier, stage.name);
    table += fmt::format("  {:<16} {:>10.1f} {:>12.1f} {:>8.0f} {:>8.0f} {:>12} {:>5.0f} %\n", Printable(stage.name),
                         (stage.calls - was.calls) / seconds, (stage.records - was.records) / seconds, stage.queue,
                         stage.running, Batch(stage, was), 100 * (stage.busy_seconds - was.busy_seconds) / seconds);
  }
  return table;
}

}  // namespace retort::cli

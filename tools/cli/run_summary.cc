#include "tools/cli/run_summary.h"

#include <fmt/format.h>

#include "core/graph/report/speculation_text.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

double Mean(const StageStats::Distribution& sample) {
  return sample.count > 0 ? sample.sum / static_cast<double>(sample.count) : 0;
}

double PerSecond(uint64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

std::string Row(const std::string& name, const std::string& value) { return fmt::format("  {:<24} {}\n", name, value); }

const char* Outcome(const Status& status) {
  if (status.ok()) return "done";
  return status.code() == StatusCode::kCancelled ? "interrupted" : "aborted";
}

std::string RecordsText(const RunReport& report) {
  std::string text = fmt::format("{} ({:.1f}/s)", report.completed, PerSecond(report.completed, report.seconds));
  if (report.skipped > 0) text += fmt::format(", {} skipped", report.skipped);
  if (report.cancelled > report.not_begun) text += fmt::format(", {} broken off", report.cancelled - report.not_begun);
  if (report.not_begun > 0) text += fmt::format(", {} not begun", report.not_begun);
  return text;
}

Json DistributionJson(const StageStats::Distribution& d) {
  return {{"count", d.count}, {"mean", Mean(d)}, {"sum", d.sum}, {"min", d.min}, {"max", d.max}};
}

}  // namespace

std::string RunSummaryText(const PipelineDescription& pipeline, const RunReport& report) {
  const std::string& letters = pipeline.engine.dead_letter_path;
  std::string out = fmt::format("{}: {}\n", pipeline.name.empty() ? "run" : pipeline.name, Outcome(report.status));
  out += Row("seconds", fmt::format("{:.2f}", report.seconds));
  out += Row("records", RecordsText(report));
  out += Row(
      "failed",
      std::to_string(report.failed) +
          (report.failed > 0 ? letters.empty() ? " (no `dead_letter` file is set)" : " (see " + letters + ")" : ""));
  if (const uint64_t tokens = GeneratedTokens(report); tokens > 0) {
    out += Row("tokens", std::to_string(tokens));
    out += Row("tokens/s", fmt::format("{:.1f}", PerSecond(tokens, report.seconds)));
  }
  out += fmt::format("\n  {:<16} {:>10} {:>12} {:>12} {:>8} {:>10}\n", "stage", "calls", "records in", "records out",
                     "failed", "seconds");
  for (const StageDescription& stage : pipeline.stages) {
    const auto found = report.stages.find(stage.name);
    if (found == report.stages.end()) continue;
    const StageStats& stats = found->second;
    out += fmt::format("  {:<16} {:>10} {:>12} {:>12} {:>8} {:>10.3f}\n", stage.name, stats.calls, stats.records_in,
                       stats.records_out, stats.failed, stats.busy_seconds);
  }
  for (const Speculation& figures : FindSpeculation(pipeline, report)) out += "\n" + SpeculationText(figures);
  for (const Stranded& stranded : report.stranded)
    out += fmt::format("  stranded: record {} at stage {}\n", stranded.record_id, stranded.stage);
  return out;
}

nlohmann::ordered_json RunSummaryJson(const PipelineDescription& pipeline, const RunReport& report) {
  const uint64_t tokens = GeneratedTokens(report);
  Json stages = Json::object(), acceptance = Json::object(), speculation = Json::object(), stranded = Json::array();
  for (const Speculation& figures : FindSpeculation(pipeline, report))
    speculation[figures.stage] = SpeculationJson(figures);
  for (const auto& [name, stats] : report.stages) {
    Json samples = Json::object();
    for (const auto& [sample, values] : stats.samples) samples[sample] = DistributionJson(values);
    stages[name] = {{"calls", stats.calls},   {"records_in", stats.records_in}, {"records_out", stats.records_out},
                    {"failed", stats.failed}, {"seconds", stats.busy_seconds},  {"counters", stats.counters},
                    {"samples", samples}};
  }
  Json mean;  // null where nothing was verified
  for (const auto& [kind, sample] : AcceptanceLengths(report)) {
    if (kind.empty()) {
      mean = Mean(sample);
    } else {
      acceptance[kind] = Mean(sample);
    }
  }
  for (const Stranded& record : report.stranded)
    stranded.push_back({{"record", record.record_id}, {"stage", record.stage}});
  return {{"pipeline", pipeline.name},
          {"status", StatusCodeName(report.status.code())},
          {"message", report.status.message()},
          {"seconds", report.seconds},
          {"records",
           {{"admitted", report.admitted},
            {"completed", report.completed},
            {"failed", report.failed},
            {"skipped", report.skipped},
            {"cancelled", report.cancelled},
            {"not_begun", report.not_begun}}},
          {"dead_letter", pipeline.engine.dead_letter_path},
          {"tokens", tokens},
          {"tokens_per_second", PerSecond(tokens, report.seconds)},
          {"acceptance_length", mean},
          {"acceptance_length_by_kind", acceptance},
          {"speculation", speculation},
          {"stages", stages},
          {"stranded", stranded}};
}

}  // namespace retort::cli

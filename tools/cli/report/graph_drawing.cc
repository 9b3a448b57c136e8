#include "tools/cli/report/graph_drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/graph/drawing/svg.h"

namespace retort::cli {
namespace {

DrawingNote StageNote(const StageDescription& stage, const StageStats& stats, double longest) {
  const double mean = stats.calls > 0 ? static_cast<double>(stats.records_in) / static_cast<double>(stats.calls) : 0;
  DrawingNote note;
  note.lines = {fmt::format("{:.3f} s in {} calls", stats.busy_seconds, stats.calls),
                stage.descriptor->is_source() ? fmt::format("{} records", stats.records_out)
                                              : fmt::format("{:.1f} records a call", mean)};
  if (const auto queue = stats.samples.find("queue"); queue != stats.samples.end())
    note.lines.push_back(fmt::format("queue {:.1f}, at most {:.0f}",
                                     queue->second.sum / static_cast<double>(queue->second.count), queue->second.max));
  note.heat = longest > 0 ? stats.busy_seconds / longest : 0;
  return note;
}

}  // namespace

std::string SvgGraph(const PipelineDescription& pipeline, const RunReport& report) {
  const auto stats_of = [&](const StageDescription& stage) {
    const auto found = report.stages.find(stage.name);
    return found == report.stages.end() ? StageStats() : found->second;
  };
  double longest = 0;
  for (const StageDescription& stage : pipeline.stages) longest = std::max(longest, stats_of(stage).busy_seconds);
  DrawingNotes notes;
  for (const StageDescription& stage : pipeline.stages)
    notes.stages[stage.name] = StageNote(stage, stats_of(stage), longest);
  for (size_t i = 0; i < pipeline.edges.size(); ++i) {
    const StageDescription& from = pipeline.stages[pipeline.edges[i].from];
    if (from.output_payloads.size() == 1)
      notes.edges[i].lines = {fmt::format("{} records", stats_of(from).records_out)};
  }
  return "<div class=\"scroll\">" + DrawingSvg(DrawPipeline(pipeline, notes), {.inside_page = true}) + "</div>\n";
}

}  // namespace retort::cli

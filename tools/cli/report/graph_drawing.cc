#include "tools/cli/report/graph_drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/report/html.h"

namespace retort::cli {
namespace {

constexpr double kBoxWidth = 140, kBoxHeight = 84, kColumn = 230, kRow = 120, kMargin = 12, kLoop = 56;

struct Place {
  size_t column = 0, row = 0;
  double x() const { return kMargin + static_cast<double>(column) * kColumn; }
  double y() const { return kMargin + static_cast<double>(row) * kRow; }
};

/// Columns by the longest way from a source, rows as they come.
std::vector<Place> Layout(const PipelineDescription& pipeline) {
  std::vector<Place> places(pipeline.stages.size());
  for (size_t round = 0; round < places.size(); ++round) {  // enough: forward edges have no cycle
    for (const EdgeDescription& edge : pipeline.edges) {
      if (!edge.back) places[edge.to].column = std::max(places[edge.to].column, places[edge.from].column + 1);
    }
  }
  std::vector<size_t> used(places.size() + 1);
  for (Place& place : places) place.row = used[place.column]++;
  return places;
}

std::string Box(const StageDescription& stage, const Place& place, const StageStats& stats) {
  const auto text = [&](double line, const std::string& content, const char* type) {
    return fmt::format("<text class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n", type,
                       place.x() + kBoxWidth / 2, place.y() + line, HtmlText(content));
  };
  const double mean = stats.calls > 0 ? static_cast<double>(stats.records_in) / static_cast<double>(stats.calls) : 0;
  return fmt::format("<rect class=\"box\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n", place.x(),
                     place.y(), kBoxWidth, kBoxHeight) +
         text(20, stage.name, "name") + text(37, stage.uses, "faint") +
         text(56, fmt::format("{:.3f} s in {} calls", stats.busy_seconds, stats.calls), "") +
         text(73,
              stage.descriptor->is_source() ? fmt::format("{} records", stats.records_out)
                                            : fmt::format("{:.1f} records a call", mean),
              "");
}

std::string Label(double x, double y, const std::string& text) {
  if (text.empty()) return "";
  return fmt::format("<text class=\"faint\" x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n", x, y,
                     HtmlText(text));
}

std::string Edge(const PipelineDescription& pipeline, const RunReport& report, const EdgeDescription& edge,
                 const std::vector<Place>& places) {
  const StageDescription& from = pipeline.stages[edge.from];
  const Place &a = places[edge.from], &b = places[edge.to];
  const auto stats = report.stages.find(from.name);
  const std::string payload = edge.port < from.output_payloads.size() ? from.output_payloads[edge.port] : "";
  const bool counted = from.output_payloads.size() == 1 && stats != report.stages.end();
  const std::string count = counted ? std::to_string(stats->second.records_out) : "";
  const double y1 = a.y() + kBoxHeight / 2, y2 = b.y() + kBoxHeight / 2;
  if (!edge.back) {
    const double x1 = a.x() + kBoxWidth, x2 = b.x() - 4, middle = (x1 + x2) / 2;
    return fmt::format(
               "<path class=\"edge\" marker-end=\"url(#arrow)\" d=\"M{0:.0f} {1:.0f} C{4:.0f} {1:.0f} {4:.0f} {3:.0f} "
               "{2:.0f} {3:.0f}\"/>\n",
               x1, y1, x2, y2, middle) +
           Label(middle, (y1 + y2) / 2 - 8, count) + Label(middle, (y1 + y2) / 2 + 16, payload);
  }
  const double x1 = a.x() + kBoxWidth / 2, x2 = b.x() + kBoxWidth / 2;
  const double bottom = std::max(a.y(), b.y()) + kBoxHeight, loop = bottom + kLoop;
  return fmt::format(
             "<path class=\"edge back\" marker-end=\"url(#arrow)\" d=\"M{:.0f} {:.0f} C{:.0f} {:.0f} {:.0f} {:.0f} "
             "{:.0f} {:.0f}\"/>\n",
             x1, a.y() + kBoxHeight, x1, loop, x2, loop, x2, b.y() + kBoxHeight + 4) +
         Label((x1 + x2) / 2, loop + 2, counted ? count + " " + payload : payload);
}

}  // namespace

std::string SvgGraph(const PipelineDescription& pipeline, const RunReport& report) {
  const std::vector<Place> places = Layout(pipeline);
  double width = 0, height = 0;
  std::string body;
  for (const EdgeDescription& edge : pipeline.edges) body += Edge(pipeline, report, edge, places);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto stats = report.stages.find(pipeline.stages[i].name);
    body += Box(pipeline.stages[i], places[i], stats == report.stages.end() ? StageStats() : stats->second);
    width = std::max(width, places[i].x() + kBoxWidth + kMargin);
    height = std::max(height, places[i].y() + kBoxHeight + kMargin + kLoop);
  }
  return fmt::format(
      "<div class=\"scroll\"><svg class=\"graph\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\" "
      "aria-label=\"Stages and edges of the pipeline\">\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" "
      "refY=\"4\" "
      "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 "
      "z\"/></marker></defs>\n{2}</svg></div>\n",
      width, height, body);
}

}  // namespace retort::cli

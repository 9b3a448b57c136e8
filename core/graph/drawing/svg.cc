#include "core/graph/drawing/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/graph/drawing/layout.h"
#include "core/graph/drawing/svg_parts.h"
#include "core/graph/drawing/svg_style.h"
#include "core/graph/drawing/text_fit.h"
#include "core/graph/drawing/xml_text.h"

namespace retort {
namespace {

constexpr double kMargin = 16, kHeading = 28, kLegendLine = 20;
constexpr double kTitleSize = 16, kNameSize = 13, kTextSize = 11;
constexpr double kMaxTitle = 900, kMaxModelName = 240;

std::string Markers() {
  std::string out = "<defs>\n";
  for (const auto& [id, type] : {std::pair{"flow", "head"}, std::pair{"back", "back-head"}}) {
    out += fmt::format(
        "<marker id=\"retort-{}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"{}\" d=\"M0 0 L8 4 L0 8 z\"/></marker>\n",
        id, type);
  }
  return out + "</defs>\n";
}

/// What the models are, and what a dashed edge is. Its size goes to `width` and `height`.
std::string Legend(const GraphDrawing& drawing, double top, double* width, double* height) {
  std::string out;
  double names = 0, y = top + kTextSize;
  for (const DrawnModel& model : drawing.models) names = std::max(names, TextWidth(model.name, kNameSize));
  names = std::min(names, kMaxModelName);
  const double text = kMargin + 16 + names + 12;
  for (size_t i = 0; i < drawing.models.size(); ++i, y += kLegendLine) {
    const DrawnModel& model = drawing.models[i];
    const std::string shown = FitText(model.text, kTextSize, kMaxTitle);
    out += ModelDotSvg(kMargin + 4, y - 4, i) +
           TextSvg(kMargin + 16, y, "name", FitText(model.name, kNameSize, names), model.name) +
           TextSvg(text, y, "faint", shown, model.text);
    *width = std::max(*width, text + TextWidth(shown, kTextSize) + kMargin);
  }
  *height = y - top - kTextSize;
  return out;
}

constexpr double kLeastScale = 0.75;  // a page may shrink a wide graph so far, that the text can still be read

}  // namespace

std::string DrawingSvg(const GraphDrawing& drawing, const SvgOptions& options) {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  for (const DrawnStage& stage : drawing.stages) boxes.push_back(StageSize(drawing, stage));
  for (const DrawnEdge& edge : drawing.edges) edges.push_back(EdgeSize(edge));
  const GraphLayout layout = LayOut(boxes, edges);
  const bool heading = !options.inside_page && !drawing.title.empty();
  const std::string title = FitText(drawing.title, kTitleSize, kMaxTitle);
  const double top = heading ? kHeading : 0;
  double width = std::max(layout.width, heading ? TextWidth(title, kTitleSize) + 2 * kMargin : 0);
  double legend_height = 0;
  const std::string legend = Legend(drawing, top + layout.height, &width, &legend_height);
  const double height = top + layout.height + legend_height + (legend_height > 0 ? kMargin : 0);
  std::string out = fmt::format(
      "<svg{} class=\"retort-graph\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\"{} role=\"img\">\n"
      "<title>{}</title>\n<style>{}</style>\n",
      options.inside_page ? "" : " xmlns=\"http://www.w3.org/2000/svg\"", width, height, width, height,
      options.inside_page ? fmt::format(" style=\"min-width: {:.0f}px\"", kLeastScale * width) : "",
      XmlText("The graph of pipeline " + (drawing.title.empty() ? "without a name" : drawing.title)), kSvgStyle);
  out += Markers();
  if (!options.inside_page) out += "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n";
  if (heading) out += TextSvg(kMargin, kMargin + 10, "title", title, drawing.title);
  out += fmt::format("<g transform=\"translate(0 {:.0f})\">\n", top);
  for (size_t i = 0; i < drawing.edges.size(); ++i) out += EdgeSvg(drawing, drawing.edges[i], layout.routes[i]);
  for (size_t i = 0; i < drawing.stages.size(); ++i) out += StageSvg(drawing, drawing.stages[i], layout.boxes[i]);
  return out + "</g>\n" + legend + "</svg>\n";
}

}  // namespace retort

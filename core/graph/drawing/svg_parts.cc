#include "core/graph/drawing/svg_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/graph/drawing/svg_style.h"
#include "core/graph/drawing/text_fit.h"
#include "core/graph/drawing/xml_text.h"

namespace retort {
namespace {

constexpr double kNameSize = 13, kTextSize = 11;             // of fonts, as in the style
constexpr double kPadding = 14, kLine = 16, kNameLine = 18;  // in a box
constexpr double kMinWidth = 112, kMaxWidth = 240;           // of a box
constexpr double kMaxLabel = 180, kLabelRoom = 20;           // an edge's, and what its line needs more
constexpr double kDot = 4;                                   // radius
constexpr double kCorner = 8;                                // radius
constexpr double kThinEdge = 1.5, kThickEdge = 4;            // by heat
constexpr double kHotBox = 0.3;                              // opacity of the heat over a box
constexpr size_t kShownModels = 4;                           // of a stage; others are counted

struct Line {
  std::string type, text;
  bool dot = false;
  size_t model = 0;
};

std::vector<Line> LinesOf(const GraphDrawing& drawing, const DrawnStage& stage) {
  std::vector<Line> lines = {{"name", stage.name}, {"faint", stage.uses}};
  for (size_t i = 0; i < stage.models.size() && i < kShownModels; ++i)
    lines.push_back({"", drawing.models[stage.models[i]].name, true, stage.models[i]});
  if (stage.models.size() > kShownModels)
    lines.push_back({"faint", fmt::format("and {} more models", stage.models.size() - kShownModels)});
  for (const std::string& line : stage.note.lines) lines.push_back({"", line});
  return lines;
}

/// Names are bold, which is about an eighth wider.
double SizeOf(const Line& line) { return line.type == "name" ? kNameSize * 1.13 : kTextSize; }
double IndentOf(const Line& line) { return line.dot ? 3 * kDot : 0; }

std::vector<std::string> LabelBelow(const DrawnEdge& edge) {
  std::vector<std::string> lines;
  if (!edge.payload.empty()) lines.push_back(edge.payload);
  lines.insert(lines.end(), edge.note.lines.begin(), edge.note.lines.end());
  return lines;
}

std::string Xy(const LayoutPoint& point) { return fmt::format("{:.1f} {:.1f}", point.x, point.y); }

/// Lines and curves in turn; curves leave and arrive level.
std::string FlowPath(const std::vector<LayoutPoint>& points) {
  std::string path = "M" + Xy(points.front());
  for (size_t i = 1; i < points.size(); ++i) {
    const LayoutPoint &a = points[i - 1], &b = points[i];
    const double middle = (a.x + b.x) / 2;
    path += i % 2 == 1 ? " L" + Xy(b) : fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} ", middle, a.y, middle, b.y) + Xy(b);
  }
  return path;
}

/// The point `length` before `corner` on the way from `from`, or half way where that is nearer.
LayoutPoint Before(const LayoutPoint& from, const LayoutPoint& corner, double length) {
  const double dx = from.x - corner.x, dy = from.y - corner.y;  // one of them is 0
  const double all = std::abs(dx) + std::abs(dy);
  const double share = all > 0 ? std::min(length, all / 2) / all : 0;
  return {corner.x + dx * share, corner.y + dy * share};
}

std::string CorneredPath(const std::vector<LayoutPoint>& points) {
  std::string path = "M" + Xy(points.front());
  for (size_t i = 1; i + 1 < points.size(); ++i) {
    path += " L" + Xy(Before(points[i - 1], points[i], kCorner)) + " Q" + Xy(points[i]) + " " +
            Xy(Before(points[i + 1], points[i], kCorner));
  }
  return path + " L" + Xy(points.back());
}

std::string HeatSvg(const PlacedBox& box, double heat) {
  return fmt::format(
      "<rect class=\"heat\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\" "
      "fill-opacity=\"{:.3f}\"/>\n<rect class=\"heat\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"3\"/>\n",
      box.x, box.y, box.width, box.height, kHotBox * heat, box.x + 6, box.y + box.height - 4, (box.width - 12) * heat);
}

}  // namespace

LayoutBox StageSize(const GraphDrawing& drawing, const DrawnStage& stage) {
  const std::vector<Line> lines = LinesOf(drawing, stage);
  double width = 0;
  for (const Line& line : lines) width = std::max(width, TextWidth(line.text, SizeOf(line)) + IndentOf(line));
  const double height = kNameLine + kLine * static_cast<double>(lines.size() - 1) + kPadding + 4;
  return {std::clamp(width + 2 * kPadding, kMinWidth, kMaxWidth), height};
}

LayoutEdge EdgeSize(const DrawnEdge& edge) {
  const std::vector<std::string> below = LabelBelow(edge);
  double width = TextWidth(edge.port, kTextSize);
  for (const std::string& line : below) width = std::max(width, TextWidth(line, kTextSize));
  return {edge.from, edge.to,
          edge.back, std::min(width, kMaxLabel) + kLabelRoom,
          kLine,     kLine * static_cast<double>(below.size()) + 2};
}

std::string TextSvg(double x, double y, const std::string& type, const std::string& content, const std::string& full) {
  if (content.empty()) return "";
  return fmt::format("<text{} x=\"{:.1f}\" y=\"{:.1f}\">{}{}</text>\n", type.empty() ? "" : " class=\"" + type + "\"",
                     x, y, full.empty() || full == content ? "" : "<title>" + XmlText(full) + "</title>",
                     XmlText(content));
}

std::string ModelDotSvg(double x, double y, size_t model) {
  return fmt::format("<circle class=\"m{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>\n", model % kModelColours, x, y,
                     kDot);
}

std::string StageSvg(const GraphDrawing& drawing, const DrawnStage& stage, const PlacedBox& box) {
  std::string out = fmt::format(
      "<g class=\"stage\"><rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "rx=\"6\"/>\n",
      box.x, box.y, box.width, box.height);
  if (stage.note.heat) out += HeatSvg(box, *stage.note.heat);
  const std::vector<Line> lines = LinesOf(drawing, stage);
  double y = box.y + (box.height - kNameLine - kLine * static_cast<double>(lines.size() - 1)) / 2 + kNameSize;
  for (const Line& line : lines) {
    const double x = box.x + kPadding;
    if (line.dot) out += ModelDotSvg(x + kDot, y - kDot, line.model);
    const double room = box.width - 2 * kPadding - IndentOf(line);
    out += TextSvg(x + IndentOf(line), y, line.type, FitText(line.text, SizeOf(line), room), line.text);
    y += kLine;
  }
  return out + "</g>\n";
}

std::string EdgeSvg(const GraphDrawing& drawing, const DrawnEdge& edge, const EdgeRoute& route) {
  const bool back = route.around;
  std::string out = fmt::format("<g><title>{} to {}</title>",
                                XmlText(drawing.stages[edge.from].name + (edge.port.empty() ? "" : "." + edge.port)),
                                XmlText(drawing.stages[edge.to].name));
  const std::string width = edge.note.heat ? fmt::format(" style=\"stroke-width: {:.2f}\"",
                                                         kThinEdge + (kThickEdge - kThinEdge) * *edge.note.heat)
                                           : "";
  out += fmt::format("<path class=\"edge{}\"{} marker-end=\"url(#retort-{})\" d=\"{}\"/>\n", back ? " back" : "", width,
                     back ? "back" : "flow", back ? CorneredPath(route.points) : FlowPath(route.points));
  const double x = route.points.front().x + kLabelRoom / 2;
  double y = route.points.front().y - 5;
  out += TextSvg(x, y, "", FitText(edge.port, kTextSize, kMaxLabel), edge.port);
  y += kLine + 2;
  for (const std::string& line : LabelBelow(edge)) {
    out += TextSvg(x, y, "faint", FitText(line, kTextSize, kMaxLabel), line);
    y += kLine;
  }
  return out + "</g>\n";
}

}  // namespace retort

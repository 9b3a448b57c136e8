#include "tools/cli/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/cli/report/html.h"

namespace retort::cli {
namespace {

constexpr double kWidth = 640, kHeight = 300, kLeft = 64, kRight = 16, kTop = 16, kBottom = 48;
constexpr size_t kColours = 8;

struct Frame {
  double x_most = 1, y_most = 1;
  double X(double x) const { return kLeft + x / x_most * (kWidth - kLeft - kRight); }
  double Y(double y) const { return kHeight - kBottom - y / y_most * (kHeight - kTop - kBottom); }
};

/// The next of 1, 2, 5, 10, ... that divides `most` into five parts or fewer.
double Tick(double most) {
  const double power = std::pow(10, std::floor(std::log10(most / 5)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (most / (power * factor) <= 5) return power * factor;
  }
  return power * 10;
}

std::string Axes(const Chart& chart, const Frame& frame) {
  std::string out;
  const double x_tick = std::max(1.0, Tick(frame.x_most));
  for (double x = 0; x <= frame.x_most * 1.001; x += x_tick) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:g}</text>\n", frame.X(x),
                       kHeight - kBottom + 18, x);
  }
  const double y_tick = Tick(frame.y_most);
  for (double y = 0; y <= frame.y_most * 1.001; y += y_tick) {
    out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kLeft,
                       frame.Y(y), kWidth - kRight, frame.Y(y));
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}{}</text>\n", kLeft - 8, frame.Y(y) + 4,
                       y * chart.y_scale, HtmlText(chart.y_unit));
  }
  out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", (kLeft + kWidth) / 2,
                     kHeight - 8, HtmlText(chart.x_label));
  return out + fmt::format(
                   "<text x=\"14\" y=\"{0:.1f}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {0:.1f})\">{1}"
                   "</text>\n",
                   (kTop + kHeight - kBottom) / 2, HtmlText(chart.y_label));
}

std::string Line(const Chart& chart, const ChartLine& line, size_t colour, const Frame& frame) {
  std::string path, dots;
  for (const ChartPoint& point : line.points) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : " L", frame.X(point.x), frame.Y(point.y));
    dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {:.3g} at {:.3g}</title></circle>\n",
                        frame.X(point.x), frame.Y(point.y), line.marks_only ? 6 : 3.5, HtmlText(line.name),
                        point.y * chart.y_scale, point.x);
  }
  if (!line.marks_only) path = fmt::format("<path d=\"{}\"/>\n", path);
  return fmt::format("<g class=\"line colour{}\">\n{}{}</g>\n", colour % kColours, line.marks_only ? "" : path, dots);
}

}  // namespace

std::string SvgChart(const Chart& chart) {
  Frame frame{0, 0};
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      frame.x_most = std::max(frame.x_most, point.x);
      frame.y_most = std::max(frame.y_most, point.y);
    }
  }
  if (!(frame.y_most > 0)) return "";
  frame.x_most = std::max(frame.x_most, 1.0);
  std::string lines, legend;
  for (size_t i = 0; i < chart.lines.size(); ++i) {
    if (chart.lines[i].points.empty()) continue;
    lines += Line(chart, chart.lines[i], i, frame);
    legend += fmt::format("<li><span class=\"swatch colour{}\"></span>{}</li>\n", i % kColours,
                          HtmlText(chart.lines[i].name));
  }
  return fmt::format(
      "<figure>\n<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n{3}{4}</svg>\n<ul class=\"legend\">\n{5}"
      "</ul>\n<figcaption>{2}</figcaption>\n</figure>\n",
      kWidth, kHeight, HtmlText(chart.title), Axes(chart, frame), lines, legend);
}

}  // namespace retort::cli

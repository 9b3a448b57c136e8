// Line charts as inline SVG, in the colours of the page.
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

struct ChartPoint {
  double x = 0, y = 0;
};

struct ChartLine {
  std::string name;
  std::vector<ChartPoint> points;
  bool marks_only = false;  // points are not connected
};

struct Chart {
  std::string title;  // what the chart shows, for those who do not see it
  std::string x_label, y_label;
  std::vector<ChartLine> lines;  // up to eight have colours of their own
  double y_scale = 1;            // values are shown times this
  std::string y_unit;
};

/// The chart with a legend; empty where no line has a point. Axes begin at 0.
std::string SvgChart(const Chart& chart);

}  // namespace retort::cli

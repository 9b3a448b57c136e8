#include "core/graph/report/step_times.h"

#include <algorithm>
#include <cmath>

#include "core/graph/report/metric_names.h"

namespace retort {

StepTimes::StepTimes(const StageStats& stats) {
  ForEachMetric(stats.samples, "step_seconds", [&](std::string_view size, const StageStats::Distribution& seconds) {
    const std::optional<double> rows = SizeOf(size);
    if (!rows || seconds.count == 0) return;
    const auto count = static_cast<double>(seconds.count);
    points_.push_back({*rows, seconds.sum / count, count});
    total_seconds_ += seconds.sum;
    steps_ += count;
  });
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.rows < b.rows; });
  Smooth();
}

void StepTimes::Smooth() {
  struct Block {
    double seconds, weight;
    size_t points;
  };
  std::vector<Block> blocks;
  for (const Point& point : points_) {
    blocks.push_back({point.seconds, point.weight, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].seconds > blocks.back().seconds) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& block = blocks.back();
      const double weight = block.weight + last.weight;
      block = {(block.seconds * block.weight + last.seconds * last.weight) / weight, weight,
               block.points + last.points};
    }
  }
  size_t at = 0;
  for (const Block& block : blocks) {
    for (size_t i = 0; i < block.points; ++i) points_[at++].seconds = block.seconds;
  }
}

double StepTimes::Seen(double rows) const {
  double seen = 0;
  for (const Point& point : points_) seen += std::abs(point.rows - rows) <= rows / 4 ? point.weight : 0;
  return seen;
}

std::optional<double> StepTimes::Seconds(double rows) const {
  if (empty() || rows < least_rows() || rows > most_rows()) return std::nullopt;
  const auto right = std::lower_bound(points_.begin(), points_.end(), rows,
                                      [](const Point& p, double value) { return p.rows < value; });
  if (right->rows == rows || right == points_.begin()) return right->seconds;
  const Point& left = *(right - 1);
  return left.seconds + (right->seconds - left.seconds) * (rows - left.rows) / (right->rows - left.rows);
}

}  // namespace retort

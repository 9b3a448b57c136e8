// How long the decoding steps of a run took, by their rows.
#pragma once

#include <optional>
#include <vector>

#include "core/graph/engine/engine.h"

namespace retort {

/// From a stage's samples `step_seconds/ROWS` or `step_seconds/FROM-TO`. The means by size are made a curve that never
/// falls, weighted by how often each was seen (isotonic regression; Ayer et al. 1955), so that a size seen twice does
/// not stand for itself.
class StepTimes {
 public:
  StepTimes() = default;
  explicit StepTimes(const StageStats& stats);

  /// Seconds of a step of `rows` rows; straight between sizes that were seen. nullopt outside of them.
  std::optional<double> Seconds(double rows) const;
  /// How many steps of about `rows` rows were timed: sizes up to a quarter away.
  double Seen(double rows) const;
  bool empty() const { return points_.empty(); }
  /// The sizes seen; not to be asked of empty ones.
  double least_rows() const { return points_.front().rows; }
  double most_rows() const { return points_.back().rows; }
  /// All steps together.
  double total_seconds() const { return total_seconds_; }
  double steps() const { return steps_; }

 private:
  struct Point {
    double rows, seconds, weight;
  };
  void Smooth();
  std::vector<Point> points_;
  double total_seconds_ = 0, steps_ = 0;
};

}  // namespace retort

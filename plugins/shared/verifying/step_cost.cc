#include "plugins/shared/verifying/step_cost.h"

#include <algorithm>
#include <cmath>

namespace retort_stages {
namespace {

constexpr double kSpeedStep = 0.2;  // share of a new observation in the speed
constexpr double kMostWeight = 50;  // observations that a knot remembers
constexpr double kOutlier = 3;      // a step so many times as long as expected says nothing of its size
constexpr size_t kExactRows = 16;
constexpr double kPriorWeight = 3;  // observations
// What a row more takes in the prior, of the best known step: half of what it takes where arithmetic bounds a step of
// sixteen rows, which is half of what it would take if all time were the rows'.
constexpr double kRowShare = 0.025, kRowsShare = 0.5;

}  // namespace

size_t StepCost::KnotOf(size_t rows) {
  if (rows <= kExactRows) return rows - 1;
  const double eighths = 8 * std::log2(static_cast<double>(rows) / kExactRows);
  return std::min(kKnots - 1, kExactRows + static_cast<size_t>(eighths));
}

void StepCost::Learn(size_t rows, double seconds) {
  if (rows == 0 || !(seconds > 0)) return;
  if (!known()) speed_ = 1;
  const double expected = Seconds(rows);
  Knot& knot = knots_[KnotOf(rows)];
  if (expected > 0 && seconds > kOutlier * expected && knot.weight >= 3) return;
  if (knot.weight > 0) speed_ *= 1 + kSpeedStep * (seconds / expected - 1);
  knot.weight = std::min(knot.weight + 1, kMostWeight);
  knot.shape += (seconds / speed_ - knot.shape) / knot.weight;
  knot.rows += (static_cast<double>(rows) - knot.rows) / knot.weight;
  Smooth();
}

// Pool adjacent violators (Ayer et al. 1955).
void StepCost::Smooth() {
  points_ = 0;
  const Knot& best =
      *std::max_element(knots_.begin(), knots_.end(), [](const Knot& a, const Knot& b) { return a.weight < b.weight; });
  for (const Knot& knot : knots_) {
    if (knot.weight == 0) continue;
    Point point{knot.rows, knot.shape, knot.weight};
    if (knot.rows > best.rows) {
      const double prior = best.shape * (1 + std::min(kRowShare, kRowsShare / best.rows) * (knot.rows - best.rows));
      const double weight = kPriorWeight * std::max(0.0, 1 - knot.weight / kMostWeight);
      point.shape = (knot.weight * knot.shape + weight * prior) / (knot.weight + weight);
    }
    while (points_ > 0 && curve_[points_ - 1].shape > point.shape) {
      const Point& before = curve_[--points_];
      const double weight = before.weight + point.weight;
      point.shape = (before.shape * before.weight + point.shape * point.weight) / weight;
      point.rows = (before.rows * before.weight + point.rows * point.weight) / weight;
      point.weight = weight;
    }
    curve_[points_++] = point;
  }
}

double StepCost::Seconds(size_t rows) const {
  if (points_ == 0) return 0;
  const auto at = static_cast<double>(rows);
  const Point* const end = curve_.data() + points_;
  const Point* const above =
      std::lower_bound(curve_.data(), end, at, [](const Point& point, double value) { return point.rows < value; });
  if (above == curve_.data() && at < above->rows) return speed_ * above->shape * at / above->rows;
  const Point* const right = above == end ? end - 1 : above;
  if (right == curve_.data()) return speed_ * right->shape;  // the only one, or exactly there
  const Point* const left = right - 1;
  const double slope = (right->shape - left->shape) / (right->rows - left->rows);
  return speed_ * (left->shape + slope * (at - left->rows));
}

}  // namespace retort_stages

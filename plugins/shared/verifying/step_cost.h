// How long a step of so many rows takes, learned while steps run.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace retort_stages {

/// The shape of the curve is learned slowly, the speed of the machine as a whole fast: what steps of one size show of a
/// processor that is shared with others holds for all sizes. Between sizes that were seen the curve is straight, and it
/// never falls. A size that was seen a few times only is drawn towards a curve on which a row costs little, since a
/// first step may have been held up, and only a size that seems to pay is seen again.
class StepCost {
 public:
  /// A step of `rows` rows (from 1) took `seconds`.
  void Learn(size_t rows, double seconds);
  bool known() const { return speed_ > 0; }
  /// Seconds; 0 while nothing is known. Beyond the largest size seen the last rise goes on. Below the smallest one time
  /// is taken to fall with the rows: too good to be true, so that smaller steps are tried and learned.
  double Seconds(size_t rows) const;

 private:
  // Sizes up to 16 have a knot each, larger ones share: those of one knot differ by an eighth at most.
  static constexpr size_t kKnots = 96;
  static size_t KnotOf(size_t rows);
  void Smooth();

  struct Knot {
    double shape = 0;   // seconds at speed 1
    double rows = 0;    // mean of the sizes seen
    double weight = 0;  // how often, up to a limit
  };
  std::array<Knot, kKnots> knots_;
  double speed_ = 0;  // what the shape is multiplied by today
  struct Point {
    double rows, shape, weight;
  };
  std::array<Point, kKnots> curve_;  // what is known, never falling
  size_t points_ = 0;
};

}  // namespace retort_stages

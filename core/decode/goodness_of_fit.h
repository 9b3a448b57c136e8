// Whether counted outcomes follow an exactly known law: what tests of losslessness decide by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort {

struct Fit {
  double chi_square = 0;
  size_t freedom = 0;   // degrees
  double p_value = 1;   // of a chi-square as large or larger under the law
  double distance = 0;  // total variation between law and counts
  /// The true distance is below it with 99 %: counting adds to the mean of `distance`, which one outcome moves by 1 / n
  /// at most. Source: McDiarmid 1989.
  double distance_bound = 0;
};

/// Shapes: law [K], sums to 1; counts [K]. Outcomes that are expected less than five times are counted as one; an
/// outcome that the law forbids gives p_value 0.
Fit CompareCounts(std::span<const double> law, std::span<const uint64_t> counts);

/// The chance that a chi-square of `freedom` degrees is `value` or more. Source: Press et al., "Numerical Recipes",
/// section 6.2.
double ChiSquareTail(double value, size_t freedom);

/// p-values after Holm's correction, in the order given: all are above 0.01 where no test rejects at 1 % in all.
/// Source: Holm 1979.
std::vector<double> HolmCorrected(std::span<const double> p_values);

}  // namespace retort

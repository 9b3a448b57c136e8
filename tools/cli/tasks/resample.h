// Intervals by the paired bootstrap: tasks are drawn anew, with repetition, and each draw is scored for all of the ways
// that answered them. Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace retort::cli {

struct Interval {
  double value = 0;
  double low = 0, high = 0;
};

struct BootstrapOptions {
  uint64_t seed = 0;
  int32_t resamples = 10000;  // at least 1
  double confidence = 0.95;   // of intervals, between 0 and 1
};

/// The means of several ways' scores over resampled tasks. Tasks are drawn within their kinds, since how many there are
/// of each was chosen and not drawn. `kinds` has a task's kind, each of `ways` its scores (1 passed, 0 failed, or any
/// other figure) in the same order, at least one task. Returns [way][resample]; the same for the same seed, and a way's
/// row does not depend on the others.
std::vector<std::vector<double>> ResampledMeans(std::span<const std::string> kinds,
                                                std::span<const std::vector<double>> ways,
                                                const BootstrapOptions& options);

/// The percentile interval of a figure whose resampled values are `draws` (at least one).
Interval PercentileInterval(double value, std::vector<double> draws, double confidence);

}  // namespace retort::cli

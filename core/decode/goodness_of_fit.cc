#include "core/decode/goodness_of_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace retort {
namespace {

constexpr double kSmall = 1e-300, kPrecise = 1e-14;

/// The regularised lower incomplete gamma function by its series; for x below a + 1.
double LowerGamma(double a, double x) {
  double term = 1 / a, sum = term;
  for (double n = a + 1; term > sum * kPrecise; ++n) sum += term *= x / n;
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

/// The upper one by Lentz's continued fraction; for x from a + 1.
double UpperGamma(double a, double x) {
  double b = x + 1 - a, c = 1 / kSmall, d = 1 / b, value = d;
  for (int i = 1; i < 10000; ++i) {
    const double step = -i * (i - a);
    b += 2;
    d = step * d + b;
    if (std::abs(d) < kSmall) d = kSmall;
    c = b + step / c;
    if (std::abs(c) < kSmall) c = kSmall;
    d = 1 / d;
    value *= d * c;
    if (std::abs(d * c - 1) < kPrecise) break;
  }
  return value * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

}  // namespace

double ChiSquareTail(double value, size_t freedom) {
  if (value <= 0 || freedom == 0) return 1;
  const double a = static_cast<double>(freedom) / 2, x = value / 2;
  return x < a + 1 ? 1 - LowerGamma(a, x) : UpperGamma(a, x);
}

Fit CompareCounts(std::span<const double> law, std::span<const uint64_t> counts) {
  Fit fit;
  const double n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  double rare_expected = 0, rare_seen = 0;
  size_t cells = 0;
  bool forbidden = false;
  const auto add = [&](double expected, double seen) {
    fit.chi_square += (seen - expected) * (seen - expected) / expected;
    ++cells;
  };
  for (size_t i = 0; i < law.size(); ++i) {
    const double expected = law[i] * n, seen = static_cast<double>(counts[i]);
    fit.distance += std::abs(seen - expected) / n / 2;
    forbidden |= law[i] <= 0 && counts[i] > 0;
    if (expected >= 5) {
      add(expected, seen);
    } else {
      rare_expected += expected;
      rare_seen += seen;
    }
  }
  if (rare_expected > 0) add(rare_expected, rare_seen);
  fit.freedom = cells > 0 ? cells - 1 : 0;
  fit.p_value = forbidden ? 0 : ChiSquareTail(fit.chi_square, fit.freedom);
  fit.distance_bound = fit.distance + std::sqrt(std::log(100.0) / (2 * n));
  return fit;
}

std::vector<double> HolmCorrected(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, p_values[order[i]] * static_cast<double>(order.size() - i)));
    corrected[order[i]] = largest;
  }
  return corrected;
}

}  // namespace retort

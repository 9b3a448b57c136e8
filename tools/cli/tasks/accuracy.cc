#include "tools/cli/tasks/accuracy.h"

#include <algorithm>
#include <numeric>

namespace retort::cli {
namespace {

using Draws = std::vector<double>;  // a figure's value in each resample

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Status CheckArguments(std::span<const std::string> kinds, std::span<const std::vector<double>> ways,
                      const BootstrapOptions& options) {
  if (kinds.empty()) return InvalidArgument("expected at least one task, got none");
  for (const auto& way : ways) {
    if (way.size() != kinds.size())
      return InvalidArgument("expected a score for each of " + std::to_string(kinds.size()) + " tasks, got " +
                             std::to_string(way.size()));
  }
  if (options.resamples < 1)
    return InvalidArgument("resamples: expected at least 1, got " + std::to_string(options.resamples));
  if (!(options.confidence > 0 && options.confidence < 1))
    return InvalidArgument("confidence: expected a number between 0 and 1, got " + std::to_string(options.confidence));
  return {};
}

Interval DifferenceOf(double value, const Draws& first, const Draws& second, double confidence) {
  Draws draws(first.size());
  std::transform(first.begin(), first.end(), second.begin(), draws.begin(), std::minus<>());
  return PercentileInterval(value, std::move(draws), confidence);
}

}  // namespace

std::vector<KindAccuracy> AccuracyByKind(std::span<const std::string> kinds, const std::vector<double>& passed) {
  std::vector<KindAccuracy> result;
  for (size_t i = 0; i < kinds.size(); ++i) {
    auto found = std::find_if(result.begin(), result.end(), [&](const auto& entry) { return entry.kind == kinds[i]; });
    if (found == result.end()) found = result.insert(found, KindAccuracy{.kind = kinds[i]});
    found->tasks += 1;
    found->passed += passed[i] != 0 ? 1 : 0;
  }
  return result;
}

Result<Interval> MeasureAccuracy(std::span<const std::string> kinds, const std::vector<double>& passed,
                                 const BootstrapOptions& options) {
  RETORT_RETURN_IF_ERROR(CheckArguments(kinds, {&passed, 1}, options));
  return PercentileInterval(Mean(passed), ResampledMeans(kinds, {&passed, 1}, options).front(), options.confidence);
}

std::optional<double> Recovery(double full, double sparse, double corrected) {
  if (!(full > sparse)) return std::nullopt;
  return (corrected - sparse) / (full - sparse);
}

Result<RecoveryFigures> MeasureRecovery(std::span<const std::string> kinds, const std::vector<double>& full,
                                        const std::vector<double>& sparse, const std::vector<double>& corrected,
                                        const BootstrapOptions& options) {
  const std::vector<double> ways[] = {full, sparse, corrected};
  RETORT_RETURN_IF_ERROR(CheckArguments(kinds, ways, options));
  const auto means = ResampledMeans(kinds, ways, options);
  const double f = Mean(full), s = Mean(sparse), c = Mean(corrected);
  const double confidence = options.confidence;
  RecoveryFigures figures{.full = PercentileInterval(f, means[0], confidence),
                          .sparse = PercentileInterval(s, means[1], confidence),
                          .corrected = PercentileInterval(c, means[2], confidence),
                          .lost = DifferenceOf(f - s, means[0], means[1], confidence),
                          .missing = DifferenceOf(f - c, means[0], means[2], confidence),
                          .recovery = std::nullopt};
  Draws draws;
  for (size_t i = 0; i < means[0].size(); ++i) {
    if (const auto recovery = Recovery(means[0][i], means[1][i], means[2][i])) draws.push_back(*recovery);
  }
  figures.undefined = 1 - static_cast<double>(draws.size()) / static_cast<double>(means[0].size());
  const auto recovery = Recovery(f, s, c);
  if (recovery && !draws.empty()) figures.recovery = PercentileInterval(*recovery, std::move(draws), confidence);
  return figures;
}

Result<Interval> MeasureDifference(std::span<const std::string> kinds, const std::vector<double>& first,
                                   const std::vector<double>& second, const BootstrapOptions& options) {
  const std::vector<double> ways[] = {first, second};
  RETORT_RETURN_IF_ERROR(CheckArguments(kinds, ways, options));
  const auto means = ResampledMeans(kinds, ways, options);
  return DifferenceOf(Mean(first) - Mean(second), means[0], means[1], options.confidence);
}

}  // namespace retort::cli

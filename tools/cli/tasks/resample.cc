#include "tools/cli/tasks/resample.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/random.h"

namespace retort::cli {
namespace {

/// Of each task, the places of all tasks of its kind.
std::vector<const std::vector<size_t>*> SameKind(std::span<const std::string> kinds,
                                                 std::map<std::string, std::vector<size_t>>* places) {
  for (size_t i = 0; i < kinds.size(); ++i) (*places)[kinds[i]].push_back(i);
  std::vector<const std::vector<size_t>*> same;
  for (const std::string& kind : kinds) same.push_back(&places->at(kind));
  return same;
}

/// Between the values around the place, as R's default (type 7) has it. `sorted` is not empty.
double Quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<std::vector<double>> ResampledMeans(std::span<const std::string> kinds,
                                                std::span<const std::vector<double>> ways,
                                                const BootstrapOptions& options) {
  std::map<std::string, std::vector<size_t>> places;
  const auto same = SameKind(kinds, &places);
  std::vector<std::vector<double>> means(ways.size());
  std::vector<double> sums(ways.size());
  RandomKey key{.seed = options.seed, .stream = HashName("bootstrap")};
  for (int32_t resample = 0; resample < options.resamples; ++resample) {
    key.record = static_cast<uint64_t>(resample);
    std::fill(sums.begin(), sums.end(), 0);
    for (size_t i = 0; i < kinds.size(); ++i) {
      key.position = i;
      const auto drawn = static_cast<size_t>(RandomUniform(key) * static_cast<double>(same[i]->size()));
      const size_t task = (*same[i])[drawn];
      for (size_t way = 0; way < ways.size(); ++way) sums[way] += ways[way][task];
    }
    for (size_t way = 0; way < ways.size(); ++way) means[way].push_back(sums[way] / static_cast<double>(kinds.size()));
  }
  return means;
}

Interval PercentileInterval(double value, std::vector<double> draws, double confidence) {
  std::sort(draws.begin(), draws.end());
  const double tail = (1 - confidence) / 2;
  return {value, Quantile(draws, tail), Quantile(draws, 1 - tail)};
}

}  // namespace retort::cli

#include "core/model/sparsity.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace retort {

Sparsity Sparsity::Even(SparsityKind kind, double density, int32_t dense_first, int32_t dense_last, int32_t layers) {
  Sparsity sparsity;
  sparsity.kind = kind;
  sparsity.density.assign(static_cast<size_t>(layers), 1.0f);
  for (int32_t layer = std::max(dense_first, 0); layer < layers - std::max(dense_last, 0); ++layer)
    sparsity.density[static_cast<size_t>(layer)] = static_cast<float>(density);
  return sparsity;
}

bool Sparsity::any() const {
  return !none() && std::any_of(density.begin(), density.end(), [](float share) { return share < 1; });
}

Status Sparsity::Check(int32_t layers) const {
  if (none()) return {};
  const auto count = static_cast<size_t>(layers);
  if (density.size() != count || (!threshold.empty() && threshold.size() != count)) {
    return InvalidArgument("sparsity: expected densities of " + std::to_string(layers) + " layers, got " +
                           std::to_string(density.size()) + ", and as many thresholds or none, got " +
                           std::to_string(threshold.size()));
  }
  for (size_t layer = 0; layer < count; ++layer) {
    if (!(density[layer] > 0 && density[layer] <= 1)) {
      return InvalidArgument("sparsity: density of layer " + std::to_string(layer) +
                             ": expected above 0 and 1 at most, got " + std::to_string(density[layer]));
    }
    if (!threshold.empty() && !(threshold[layer] >= 0 && std::isfinite(threshold[layer]))) {
      return InvalidArgument("sparsity: threshold of layer " + std::to_string(layer) + ": expected 0 or more, got " +
                             std::to_string(threshold[layer]));
    }
  }
  if (kind != SparsityKind::kFine && !threshold.empty())
    return InvalidArgument("sparsity: thresholds are for the kind `fine`");
  return {};
}

int64_t NeuronsLeft(int64_t neurons, float density) {
  // In double: 10 * 0.7f is below 7.
  const double left = static_cast<double>(neurons) * static_cast<double>(density);
  return std::clamp<int64_t>(static_cast<int64_t>(left + 1e-6 * static_cast<double>(neurons)), 1, neurons);
}

}  // namespace retort

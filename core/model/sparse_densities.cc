#include "core/model/sparse_densities.h"

#include <algorithm>

namespace retort {
namespace {

struct Point {
  double density, loss;
};

/// A straight piece of a layer's hull.
struct Piece {
  size_t layer;
  double width, gain;  // loss saved by a unit of density
};

double Gain(const Point& from, const Point& to) { return (from.loss - to.loss) / (to.density - from.density); }

/// The lower convex hull of points whose densities ascend. Source: Andrew's monotone chain, 1979.
std::vector<Point> LowerHull(std::span<const double> densities, std::span<const double> losses) {
  std::vector<Point> hull;
  const auto add = [&](const Point& point) {
    while (hull.size() >= 2 && Gain(hull[hull.size() - 2], hull.back()) <= Gain(hull.back(), point)) hull.pop_back();
    hull.push_back(point);
  };
  for (size_t i = 0; i < densities.size(); ++i) add({densities[i], losses[i]});
  add({1, 0});
  return hull;
}

/// At `density`, between the values [densities] at `densities`; below the first the first, and 0 at 1.
double Interpolated(std::span<const double> densities, std::span<const double> values, double density) {
  if (density >= 1) return 0;
  const auto after =
      static_cast<size_t>(std::upper_bound(densities.begin(), densities.end(), density) - densities.begin());
  if (after == 0) return values[0];
  const double high = after < densities.size() ? densities[after] : 1;
  const double end = after < densities.size() ? values[after] : 0;
  return values[after - 1] +
         (end - values[after - 1]) * (density - densities[after - 1]) / (high - densities[after - 1]);
}

}  // namespace

std::vector<double> AllocateDensities(std::span<const double> densities, std::span<const std::vector<double>> losses,
                                      double mean) {
  std::vector<double> allocated(losses.size(), std::min(mean, densities.front()));
  std::vector<Piece> pieces;
  for (size_t layer = 0; layer < losses.size(); ++layer) {
    const std::vector<Point> hull = LowerHull(densities, losses[layer]);
    for (size_t i = 1; i < hull.size(); ++i)
      pieces.push_back({layer, hull[i].density - hull[i - 1].density, Gain(hull[i - 1], hull[i])});
  }
  // Of equal gains the earlier layer's; pieces of one layer come in order, since its gains fall.
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.gain > b.gain; });
  double left = std::max(0.0, mean - densities.front()) * static_cast<double>(losses.size());
  for (const Piece& piece : pieces) {
    const double width = std::min(piece.width, left);
    allocated[piece.layer] = std::min(1.0, allocated[piece.layer] + width);
    left -= width;
  }
  return allocated;
}

Status CheckRequest(const SparsityRequest& request, int32_t layers) {
  if (!(request.density > 0 && request.density <= 1))
    return InvalidArgument("density: expected above 0 and 1 at most, got " + std::to_string(request.density));
  if (request.kind == SparsityKind::kNone) return InvalidArgument("sparsity: expected coarse or fine, got none");
  if (request.dense_first >= 0 && request.dense_last >= 0 && request.dense_first + request.dense_last < layers)
    return {};
  return InvalidArgument("dense_first and dense_last: expected less than the model's " + std::to_string(layers) +
                         " layers together, so that one is sparse; got " + std::to_string(request.dense_first) +
                         " and " + std::to_string(request.dense_last));
}

Result<Sparsity> SparsityFrom(const SparseProfile& profile, const SparsityRequest& request) {
  const int32_t layers = profile.made_for.layers;
  RETORT_RETURN_IF_ERROR(CheckRequest(request, layers));
  if (request.by_threshold && request.kind != SparsityKind::kFine)
    return InvalidArgument("sparsity: thresholds are for the kind `fine`; leave them out");
  const char* const kind = request.kind == SparsityKind::kCoarse ? "coarse" : "fine";
  if (profile.sensitivity(request.kind).empty())
    return NotFound(std::string("profile: expected sensitivities of the kind ") + kind +
                    ", got none; make one with `retort sparse calibrate --kind " + kind + "` or `--kind both`");
  Sparsity sparsity = Sparsity::Even(request.kind, 1, 0, 0, layers);
  const auto first = static_cast<size_t>(request.dense_first);
  const std::span<const std::vector<double>> losses(profile.sensitivity(request.kind));
  const auto sparse = losses.subspan(first, static_cast<size_t>(layers - request.dense_last) - first);
  const std::vector<double> allocated = AllocateDensities(profile.densities, sparse, request.density);
  for (size_t i = 0; i < allocated.size(); ++i) sparsity.density[first + i] = static_cast<float>(allocated[i]);
  if (request.by_threshold) RETORT_RETURN_IF_ERROR(AddThresholds(profile, &sparsity));
  return sparsity;
}

Status AddThresholds(const SparseProfile& profile, Sparsity* sparsity) {
  if (sparsity->kind != SparsityKind::kFine)
    return InvalidArgument("sparsity: thresholds are for the kind `fine`; leave them out");
  if (sparsity->density.size() != static_cast<size_t>(profile.made_for.layers))
    return InvalidArgument("sparsity: expected densities of the profile's " + std::to_string(profile.made_for.layers) +
                           " layers, got " + std::to_string(sparsity->density.size()));
  if (profile.thresholds.empty())
    return NotFound("profile: expected thresholds, got none; make one with `retort sparse calibrate`");
  sparsity->threshold.clear();
  for (size_t layer = 0; layer < sparsity->density.size(); ++layer) {
    const auto density = static_cast<double>(sparsity->density[layer]);
    sparsity->threshold.push_back(
        static_cast<float>(Interpolated(profile.threshold_densities, profile.thresholds[layer], density)));
  }
  return {};
}

}  // namespace retort

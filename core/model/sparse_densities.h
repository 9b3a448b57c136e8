// Which share of its neurons each layer runs, given what leaving them out costs: from a profile to a Sparsity.
#pragma once

#include <span>
#include <vector>

#include "core/model/sparse_profile.h"

namespace retort {

/// Densities of layers with the least sum of losses, under a mean. `losses` [layers, densities] are those of each layer
/// alone at `densities` (ascending, below 1; at 1 nothing is lost), and are taken to add up. Between them each is
/// replaced by its lower convex hull, so that more density gains less and less; then what is left above the least
/// density goes to whichever layer gains most by it, one straight piece of a hull after the other, which is the optimum
/// of the pieces. All but one layer end at a density that was measured. No layer goes below the least of `densities`;
/// a mean below it is the density of all.
std::vector<double> AllocateDensities(std::span<const double> densities, std::span<const std::vector<double>> losses,
                                      double mean);

struct SparsityRequest {
  SparsityKind kind = SparsityKind::kNone;
  double density = 1;                       // the mean over the layers that are not dense
  bool by_threshold = false;                // of `fine`: by magnitude rather than by count
  int32_t dense_first = 0, dense_last = 0;  // layers at the beginning and end that run all
};

/// Errors: kInvalidArgument for a density outside (0, 1], no kind, or no sparse layer left of `layers`.
Status CheckRequest(const SparsityRequest& request, int32_t layers);

/// Densities of layers by the profile's sensitivities, and thresholds where asked. Errors: those of
/// CheckRequest; kInvalidArgument for thresholds of `coarse`; kNotFound where the profile was made without the kind.
Result<Sparsity> SparsityFrom(const SparseProfile& profile, const SparsityRequest& request);

/// Give a `fine` sparsity the thresholds that leave its densities, interpolated between those of the profile; 0 for
/// layers that are dense. Errors: kInvalidArgument for another kind or number of layers, kNotFound where the profile
/// has no thresholds.
Status AddThresholds(const SparseProfile& profile, Sparsity* sparsity);

}  // namespace retort

// Feed-forward parts of which a step runs some neurons, and what a part of a model is altogether.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/model/layer_choice.h"
#include "retort/status.h"

namespace retort {

/// `coarse`: one choice of neurons for a whole sequence, by what its prompt used most (Dong et al., GRIFFIN, arXiv
/// 2404.01365). `fine`: one for each token, by the magnitude of what the gate lets through (Lee et al., CATS, arXiv
/// 2404.08763), which takes the gate's whole product.
enum class SparsityKind : int32_t { kNone = 0, kCoarse = 1, kFine = 2 };

struct Sparsity {
  SparsityKind kind = SparsityKind::kNone;
  std::vector<float> density;    // [layers]: the share of the neurons that run, above 0; 1: all, by the dense way
  std::vector<float> threshold;  // of `fine`, [layers] or empty: instead of a share, the least magnitude that runs
  bool shared = false;           // one choice for all tokens of a step: its tokens depend on each other

  /// The same density for all layers but the first and last few, which are dense.
  static Sparsity Even(SparsityKind kind, double density, int32_t dense_first, int32_t dense_last, int32_t layers);

  bool operator==(const Sparsity&) const = default;
  bool Dense(int32_t layer) const { return none() || density[static_cast<size_t>(layer)] >= 1; }
  bool none() const { return kind == SparsityKind::kNone; }
  /// Whether any layer leaves neurons out.
  bool any() const;
  /// Errors: kInvalidArgument for densities and thresholds that are none, or of another number of layers.
  Status Check(int32_t layers) const;
};

/// How many of `neurons` a density leaves, 1 at least. (Sirius rounds down too.)
int64_t NeuronsLeft(int64_t neurons, float density);

/// A part of a model: layers left out, neurons left out, or both.
struct ModelPart {
  ModelPart(LayerChoice chosen, Sparsity neurons = {})  // NOLINT(google-explicit-constructor): a choice is a part
      : layers(std::move(chosen)), sparsity(std::move(neurons)) {}
  bool whole() const { return layers.whole() && !sparsity.any(); }

  LayerChoice layers;
  Sparsity sparsity;
};

}  // namespace retort

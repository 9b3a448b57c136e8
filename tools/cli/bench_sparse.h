// What leaving neurons out saves, measured on real forward steps: `retort bench sparse`.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/model.h"

namespace retort::cli {

struct SparseBenchOptions {
  ModelConfig model;
  std::vector<double> densities = {0.7, 0.5, 0.3};
  int prompt = 128;  // tokens
  int tokens = 1;    // in a step, of one sequence
  int repeats = 31;  // of each measurement; medians are reported
};

/// Measure. For each kind and density: `mlp`, the time of the feed-forward parts over that of the dense ones;
/// `mlp_share`, the share of their weights that is read; `step`, the time of a whole step over that of the whole
/// model's; `density`, the share of the model's parameters that runs, as Sirius counts it; `step_over_density`, step
/// over density. Cases take turns. The feed-forward parts are measured as steps without attention, less a step without
/// layers. Errors: those of Model::Load, Prepare and ForwardPart; kInvalidArgument where prompt and step outgrow the
/// context.
Result<nlohmann::ordered_json> RunSparseBench(const SparseBenchOptions& options);

}  // namespace retort::cli

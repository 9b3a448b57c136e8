// What a pipeline would do and cost, without running it: `retort plan`.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/graph/pipeline.h"
#include "core/graph/step_limit.h"
#include "core/model/tensor_file.h"

namespace retort {

/// A step of so many sequences, a token each.
struct PlannedStep {
  int sequences = 0;
  double seconds = 0;  // at least
};

struct PlannedModel {
  std::string name, source, path, device, device_text, weights, precision, architecture;
  int32_t layers = 0, hidden = 0, vocab = 0, context_length = 0;
  uint64_t weight_bytes = 0;  // as loaded, without what a device's packing adds
  uint64_t neuron_bytes = 0;  // more, about, where a stage runs some of the neurons; 0: feed-forward parts have no gate
  uint64_t kv_bytes_per_token = 0;
  uint64_t kv_bytes_bound = 0;  // every record in flight with a full context
  uint64_t device_bytes = 0;    // memory of the device; 0: unknown
  std::vector<std::string> dispatch;
  SteppedModel step;
  std::vector<PlannedStep> steps;  // where the machine's limits were measured
};

struct Plan {
  const PipelineDescription* pipeline = nullptr;  // must outlive the plan
  std::string file;
  std::vector<PlannedModel> models;
};

/// What a step costs at least with weights converted to `weights`. Errors: kInvalidArgument for an unknown `weights`.
Result<StepWork> WorkOfStep(const TensorFile& file, const std::string& weights);

/// Read the headers of the pipeline's models and open their devices; no weight is loaded, no stage made.
/// Errors: those of ResolveModelSource, ModelFile::Open, ModelFile::Hyper and OpenDevice, all models' in one message.
Result<Plan> MakePlan(const PipelineDescription& pipeline, const std::string& file);

/// How long steps of the models on the CPU take at least, by the machine's measured limits.
void EstimateSteps(const Calibration& machine, Plan* plan);

/// Models whose weights, with those of the models before them, the memory of their device cannot hold: a warning at
/// the place of each.
std::vector<Diagnostic> MemoryWarnings(const Plan& plan);

std::string PlanText(const Plan& plan);
nlohmann::ordered_json PlanJson(const Plan& plan);

/// "1.5 GiB", "22.5 KiB", "17 B".
std::string BytesText(uint64_t bytes);

}  // namespace retort

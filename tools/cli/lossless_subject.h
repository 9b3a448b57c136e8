// What of a pipeline `retort lossless` tests: the stages that decode, and the model whose law their text must have.
#pragma once

#include <string>

#include "core/graph/pipeline.h"

namespace retort::cli {

struct LosslessSubject {
  const StageDescription* stage = nullptr;  // the first that decodes
  const ModelDescription* target = nullptr;
  double temperature = 0;
  std::string takes;  // payloads that come to the stage, such as "draft:sampled"

  bool sampled() const { return temperature > 0; }
  /// Logits by which a token may miss what the law allows. `fast` rounds activations, and other shapes of a step take
  /// other kernels; `exact` gives the same logits whatever the shape.
  double margin() const { return target->config.precision == Precision::kExact ? 0 : kFastMargin; }
  static constexpr double kFastMargin = 0.25;
};

/// Stages that decode are those with the options `model`, `max_tokens` and `temperature`; the result points into
/// `pipeline`. Errors: kInvalidArgument where there is none, or where they differ in model or temperature.
Result<LosslessSubject> FindSubject(const PipelineDescription& pipeline);

/// Let every stage that decodes generate `max_tokens` at most, and verify every draft whole.
void PrepareDecoding(int64_t max_tokens, PipelineDescription* pipeline);

}  // namespace retort::cli

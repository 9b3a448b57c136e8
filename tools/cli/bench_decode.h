// How fast a model reads prompts and decodes, measured on real forward steps: `retort bench decode`.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/model.h"

namespace retort::cli {

struct DecodeBenchOptions {
  ModelConfig model;
  std::vector<int> steps = {1, 4, 8};  // tokens of one sequence in one forward step
  int prompt = 128;                    // tokens
  int repeats = 15;                    // of each measurement; medians are reported
};

/// Measure. tokens_per_second: plain decoding, one sequence, one token a step. v: n -> v(n), the time of a step of n
/// tokens over that of one token. prefill_tokens_per_second: the prompt in one step.
/// attained_over_limit: decode speed over the speed at which this machine can read the weights once per token.
/// Errors: those of Model::Load and Model::Forward; kInvalidArgument where prompt and steps outgrow the context.
Result<nlohmann::ordered_json> RunDecodeBench(const DecodeBenchOptions& options);

}  // namespace retort::cli

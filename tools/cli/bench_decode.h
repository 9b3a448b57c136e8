// How fast a model reads prompts and decodes, measured on real forward steps: `retort bench decode`.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/model.h"

namespace retort::cli {

struct DecodeBenchOptions {
  ModelConfig model;
  std::vector<int> steps = {1, 4, 8};  // tokens in one forward step
  bool many = false;                   // of as many sequences, one each, instead of one sequence
  int prompt = 128;                    // tokens
  int repeats = 15;                    // of each measurement; medians are reported
};

/// Measure. tokens_per_second: plain decoding, one sequence, one token a step. v: n -> v(n), the time of a step of n
/// tokens over that of one token. prefill_tokens_per_second: the prompt in one step. first_logits_seconds: loading and
/// a prompt of 16 tokens. attained_over_limit: decode speed over what this machine allows, which is the slower of
/// reading the weights, keys and values once and of the arithmetic at its peak; the same for each step and for prefill.
/// Errors: those of Model::Load and Model::Forward; kInvalidArgument where prompt and steps outgrow the context.
Result<nlohmann::ordered_json> RunDecodeBench(const DecodeBenchOptions& options);

}  // namespace retort::cli

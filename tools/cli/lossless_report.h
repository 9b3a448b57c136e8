// What `retort lossless` found: lines for people, JSON for programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/decode/injected_fault.h"
#include "core/decode/law_check.h"
#include "core/graph/run.h"
#include "tools/cli/lossless_subject.h"

namespace retort::cli {

inline constexpr double kLosslessAlpha = 0.01;  // chance of a false alarm, over all tests

struct LosslessFindings {
  std::string pipeline;
  LosslessSubject subject;
  InjectedFault fault = InjectedFault::kNone;
  uint64_t seed = 0;
  int64_t max_tokens = 0;
  uint64_t sequences = 0, sampled_tokens = 0, argmax_tokens = 0, near_ties = 0, forbidden_count = 0;
  std::vector<ForbiddenToken> forbidden;  // the first few
  std::vector<Cell> cells;
  double acceptance_length = 0;  // 0: nothing was verified
  double run_seconds = 0, check_seconds = 0;

  const Cell* worst() const;  // the one with the smallest p-value, or null
  bool lossless() const;
};

std::string LosslessText(const LosslessFindings& findings);
nlohmann::ordered_json LosslessJson(const LosslessFindings& findings);

/// "NAME, NAME, ...": the faults that can be injected.
std::string FaultNames();

}  // namespace retort::cli

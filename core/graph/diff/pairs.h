// Which model and which stage of one pipeline is which of another.
#pragma once

#include <limits>
#include <vector>

#include "core/graph/pipeline.h"

namespace retort {

inline constexpr size_t kNoPair = std::numeric_limits<size_t>::max();

/// Indices into the other pipeline; kNoPair where nothing there corresponds.
struct Pairs {
  std::vector<size_t> after_of_before, before_of_after;
  Pairs(size_t before, size_t after) : after_of_before(before, kNoPair), before_of_after(after, kNoPair) {}
  void Join(size_t before, size_t after) {
    after_of_before[before] = after;
    before_of_after[after] = before;
  }
};

/// By name; then those left over that have the same settings.
Pairs PairModels(const PipelineDescription& before, const PipelineDescription& after);

/// By name; then those left over that have the same `uses` and the same neighbours by the same ports. Of several that
/// fit, those with the most options alike.
Pairs PairStages(const PipelineDescription& before, const PipelineDescription& after);

/// The name of an edge's output.
const std::string& PortName(const PipelineDescription& pipeline, const EdgeDescription& edge);

}  // namespace retort

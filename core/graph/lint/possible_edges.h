// Edges that a pipeline could have besides its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"

namespace retort {

struct PossibleEdge {
  size_t from = 0, to = 0;
  uint32_t port = 0;
  bool back = false;
};

/// Edges from outputs that are free to inputs that take what they give, without those that are there. `ignored`: an
/// edge that counts as not there. First those into inputs that nothing is connected to, and of these the nearest in the
/// file's order, forward before backward.
std::vector<PossibleEdge> PossibleEdges(const PipelineDescription& pipeline, std::optional<Place> ignored);

/// Edges that connect all stages, in the file's order, as far as their ports allow.
std::vector<PossibleEdge> ConnectAll(const PipelineDescription& pipeline);

/// "read -> prompt", "{ from: verify.continue, to: draft, back: true }".
std::string EdgeText(const PipelineDescription& pipeline, const PossibleEdge& edge);

}  // namespace retort

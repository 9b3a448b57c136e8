// A pipeline's graph as inline SVG: stages in columns by their distance from the sources, with what the run says of
// each.
#pragma once

#include <string>

#include "core/graph/pipeline.h"

namespace retort::cli {

/// Boxes with name, plugin, busy time and records; edges with their payload and, where a stage has one output, the
/// records that took it. Edges that close a cycle are dashed and run below.
std::string SvgGraph(const PipelineDescription& pipeline, const RunReport& report);

}  // namespace retort::cli

// A pipeline's graph with what a run says of its stages and edges, for the run's page.
#pragma once

#include <string>

#include "core/graph/pipeline.h"

namespace retort::cli {

/// HTML: the drawing of core/graph/drawing with each stage's busy time, calls and records a call, hotter the longer it
/// was busy; edges have the records that took them where their stage has one output.
std::string SvgGraph(const PipelineDescription& pipeline, const RunReport& report);

}  // namespace retort::cli

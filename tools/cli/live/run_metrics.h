// A run that is on, as Prometheus metrics.
#pragma once

#include <string>

#include "core/graph/pipeline.h"
#include "core/graph/run_view.h"

namespace retort::cli {

/// `file`: the pipeline's; `seconds`: since the run began. `view.stages` are those of `pipeline`.
std::string RunMetricsText(const PipelineDescription& pipeline, const std::string& file, const RunView& view,
                           double seconds);

}  // namespace retort::cli

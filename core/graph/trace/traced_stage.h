// Records the calls of a stage.
#pragma once

#include <memory>

#include "core/graph/trace/trace_recorder.h"
#include "core/plugin/stage_body.h"

namespace retort {

/// `stage`, the pipeline's number `index`, with its calls recorded in `recorder`, which must outlive it.
std::unique_ptr<StageBody> TraceStage(uint32_t index, std::unique_ptr<StageBody> stage, TraceRecorder& recorder);

}  // namespace retort

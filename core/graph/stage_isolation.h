// The keys `isolation` and `timeout` of a stage, and which stages may run in a process of their own.
#pragma once

#include <string>

#include "core/graph/diagnostic.h"
#include "core/graph/pipeline.h"

namespace retort {

/// Read both from `stage.settings`, once all else of the stage is read. Faults begin with `owner`, "stage `read`".
void ReadIsolation(const std::string& owner, StageDescription& stage, Diagnostics& diagnostics);

}  // namespace retort

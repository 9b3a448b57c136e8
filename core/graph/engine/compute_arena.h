// The threads that stages run on: a oneTBB arena of the size, and at the place, that the options ask for.
#pragma once

#include <functional>

#include "core/graph/engine/engine.h"

namespace retort {

/// Errors: kInvalidArgument for a number of threads below 0 or a NUMA node that oneTBB does not know, with those that
/// it knows.
Status CheckComputeOptions(const EngineOptions& options);

/// Run `work` on this thread, and what it spawns on others too. Where they are pinned, this one is until `work`
/// returns. May throw what oneTBB throws.
Status RunInArena(const EngineOptions& options, const std::function<Status()>& work);

}  // namespace retort

// Descriptors made by hand, shaped like the built-in stages, so that the tests of the language need no plugin.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/registry.h"

namespace retort::testing {

/// read-jsonl, prompt, draft, verify, write-jsonl, and `pick` with an optional output and an output of its own type.
Registry MakeSampleRegistry();

}  // namespace retort::testing

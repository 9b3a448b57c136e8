// The keys of a pipeline file outside `with:`, written as option specs: one source for lint, schema and docs.
#pragma once

#include <vector>

#include "core/plugin/descriptor.h"

namespace retort {

inline constexpr int kPipelineVersion = 1;

/// Keys at the top of the file.
const std::vector<std::string>& TopKeys();
/// Keys of each entry under `templates:`.
const std::vector<std::string>& TemplateKeys();
/// Keys of `engine:`.
const std::vector<OptionSpec>& EngineKeys();
/// Keys of each entry under `models:`.
const std::vector<OptionSpec>& ModelKeys();
/// Keys of each entry under `stages:` that are the engine's own; `uses` and `with` stand beside them.
const std::vector<OptionSpec>& StageKeys();

}  // namespace retort

// The JSON Schema of pipeline files, made from the descriptors of the stages that are known.
#pragma once

#include <nlohmann/json.hpp>

#include "core/plugin/registry.h"

namespace retort {

/// JSON Schema (draft 2020-12) of the pipeline file. Every scalar also accepts text with a `${...}` in it. Stages of
/// the registry are listed with all their options; nothing in it depends on paths or on the machine.
nlohmann::ordered_json PipelineSchema(const Registry& registry);

}  // namespace retort

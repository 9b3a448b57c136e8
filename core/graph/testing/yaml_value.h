// YAML values as JSON, by the core schema: what stands plainly is a number, a truth value or nothing where it reads as
// one; what stands in quotes is text.
#pragma once

#include <nlohmann/json.hpp>

#include "core/graph/yaml_tree.h"

namespace retort {

/// Variables are not filled in: `${` is text.
nlohmann::ordered_json JsonOf(const YamlNode& node);

}  // namespace retort

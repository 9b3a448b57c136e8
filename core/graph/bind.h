// Parameters of a template filled in.
#pragma once

#include <map>
#include <string>

#include "core/graph/yaml_tree.h"

namespace retort {

/// `node` with each `${name}` and `${name:-default}` whose name is in `arguments` replaced. A value that is nothing but
/// `${name}` becomes the argument, of whatever kind and with its place; within text stands the text of a scalar. Other
/// references stay, as does `$${`.
YamlNodePtr Bound(const YamlNodePtr& node, const std::map<std::string, YamlNodePtr>& arguments);

}  // namespace retort

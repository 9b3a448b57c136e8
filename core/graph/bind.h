// Parameters of a template filled in.
#pragma once

#include <map>
#include <string>

#include "core/graph/yaml_tree.h"

namespace retort {

/// `node` with each `${name}` and `${name:-default}` whose name is in `arguments` replaced. A value that is nothing but
/// `${name}` becomes the argument, of whatever kind and with its place; within text stands the text of a scalar. Other
/// references stay, as does `$${`. `*budget` is what may still be made, in values (64 bytes of text are one more);
/// where it is used up, what is left stays as it is.
YamlNodePtr Bound(const YamlNodePtr& node, const std::map<std::string, YamlNodePtr>& arguments, size_t* budget);

}  // namespace retort

// What is laid over a pipeline file before it is read: its profiles, and values set from the command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/graph/yaml_tree.h"

namespace retort {

/// Values by their path: "stages.verify.with.temperature".
using Overrides = std::map<std::string, std::string>;

/// The names under `profiles:`, in the file's order.
std::vector<std::string> ProfileNames(const YamlNode& root);

/// `over` laid over `base`: maps are merged key by key, anything else is that of `over`.
YamlNodePtr LaidOver(const YamlNodePtr& base, const YamlNodePtr& over);

/// `root` with the profiles laid over it, in this order: maps are merged key by key, anything else is replaced. The
/// section `profiles` is left out. Faults: a profile that there is not or that is no map.
YamlNodePtr WithProfiles(const YamlNodePtr& root, const std::vector<std::string>& profiles, Diagnostics& diagnostics);

/// `root` with each value set: `engine.KEY`, `models.NAME.KEY`, `stages.NAME.KEY` and `stages.NAME.with.OPTION`. A
/// value in brackets is a list, any other is text as it stands; their place is none. Whether the key is known and the
/// value right is checked when the tree is read. Faults: paths that lead to no such place.
YamlNodePtr WithOverrides(const YamlNodePtr& root, const Overrides& overrides, const SourceText& source,
                          Diagnostics& diagnostics);

}  // namespace retort

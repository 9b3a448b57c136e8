// The files that a pipeline includes: parts that several pipelines share.
#pragma once

#include <string>
#include <vector>

#include "core/graph/yaml_tree.h"

namespace retort {

inline constexpr size_t kMaxIncludes = 32;

struct Included {
  YamlNodePtr root;
  std::vector<std::string> files;  // in the order of their numbers, from 1
};

/// `root`, the tree of `source`, laid over the files under its key `include` (a path or a list of them, relative to the
/// file that names them), each laid over those before it and over what it includes itself. `edges` of all are one list;
/// `name` and `tests` are those of `root` alone. The texts are kept in `source`. Faults: a file that cannot be read or
/// includes itself, more than kMaxIncludes, and what ParseYaml finds.
Included WithIncludes(const YamlNodePtr& root, SourceText& source, Diagnostics& diagnostics);

}  // namespace retort

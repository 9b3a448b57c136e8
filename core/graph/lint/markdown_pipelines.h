// Pipelines in the YAML blocks of a Markdown file.
#pragma once

#include <string>
#include <vector>

#include "core/graph/diagnostic.h"

namespace retort {

/// Each ```yaml block with a line that begins with `retort:`; others are something else. `~~~` serves as well. A source
/// is the whole file with all but the block blank, so that places and bytes are the file's.
std::vector<SourceText> FindMarkdownPipelines(const SourceText& markdown);

}  // namespace retort

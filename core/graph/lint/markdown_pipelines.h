// Pipelines in the YAML blocks of a Markdown file.
#pragma once

#include <string>
#include <vector>

#include "core/graph/diagnostic.h"

namespace retort {

/// One block.
struct MarkdownPipeline {
  SourceText source;  // the whole file with all else blank, so that places and bytes are the file's
};

/// Each ```yaml block with a line that begins with `retort:`; others are something else. `~~~` serves as well.
std::vector<MarkdownPipeline> FindMarkdownPipelines(const SourceText& markdown);

}  // namespace retort

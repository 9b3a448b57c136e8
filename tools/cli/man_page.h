// Manual pages in roff, for man(1).
#pragma once

#include <string>

#include "tools/cli/command_tree.h"

namespace retort::cli {

/// "retort", "retort-models-quantize".
std::string ManPageName(const CommandNode& node);

/// The page of a command; the root's also tells of the environment.
std::string ManPage(const CommandNode& root, const CommandNode& node, const std::string& version);

}  // namespace retort::cli

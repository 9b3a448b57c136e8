// Scripts with which a shell completes the command line: commands, options, choices, files of the right kind, names of
// stages. They hold all that the commands say; only names of stages are asked for while completing.
#pragma once

#include <string>

#include "tools/cli/command_tree.h"

namespace retort::cli {

std::string BashCompletion(const CommandNode& root);
std::string ZshCompletion(const CommandNode& root);
std::string FishCompletion(const CommandNode& root);

/// `text` in single quotes of bash and zsh.
std::string ShellQuoted(const std::string& text);

}  // namespace retort::cli

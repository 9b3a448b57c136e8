// The subcommands of `retort models`, one file each where they are more than a few lines.
#pragma once

#include "tools/cli/commands.h"

namespace retort::cli {

void AddModelsPerplexity(CLI::App& models, Action* action);
void AddModelsQuantize(CLI::App& models, Action* action);

}  // namespace retort::cli

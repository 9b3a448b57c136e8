// retort sparse perplexity.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/cli/commands.h"

namespace retort::cli {

void AddSparsePerplexity(CLI::App& sparse, Action* action);

}  // namespace retort::cli

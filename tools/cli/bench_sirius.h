// retort bench sirius.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/cli/commands.h"

namespace retort::cli {

void AddSiriusBench(CLI::App& bench, Action* action);

}  // namespace retort::cli

// What is said when the command line is not understood: the fault, the nearest name, and where to read on.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace retort::cli {

/// Text for `error`, with "did you mean" for an unknown command or option of the command that was being read.
std::string UsageErrorText(const CLI::App& app, const CLI::ParseError& error);

}  // namespace retort::cli

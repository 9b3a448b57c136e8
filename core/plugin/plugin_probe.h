// Tries a plugin in a child process, so that one which crashes or hangs while it is loaded costs only that process.
#pragma once

#include <chrono>
#include <string>

#include "retort/status.h"

namespace retort {

/// The exit code by which retort-plugin-probe says that it lived through loading, whether or not the plugin is any
/// good.
inline constexpr int kProbeSurvived = 86;

/// Run `program PATH`. Errors: kInternal where the child died (the signal, and the end of what it wrote) or exited,
/// kCancelled where it took longer than `timeout` and was killed, kNotFound where the program cannot be started.
Status ProbePlugin(const std::string& program, const std::string& path, std::chrono::milliseconds timeout);

}  // namespace retort

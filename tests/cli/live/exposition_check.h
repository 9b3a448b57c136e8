// The rules of the Prometheus text format, version 0.0.4, and the naming conventions.
#pragma once

#include <string>

namespace retort::testing {

/// The first line of `text` that breaks a rule, with the rule; empty: none does.
std::string ExpositionFault(const std::string& text);

}  // namespace retort::testing

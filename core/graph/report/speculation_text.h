// The figures of speculative decoding for people and for programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/graph/report/speculation.h"

namespace retort {

/// Lines under a heading that names the stage, each indented by two; ends in a newline.
std::string SpeculationText(const Speculation& figures);
/// What is not known is null.
nlohmann::ordered_json SpeculationJson(const Speculation& figures);

/// A share as "12.3 %".
std::string PercentText(double share);

}  // namespace retort

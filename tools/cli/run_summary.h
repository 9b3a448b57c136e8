// What a run did, at its end: a table for people, JSON for programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/graph/run.h"

namespace retort::cli {

std::string RunSummaryText(const PipelineDescription& pipeline, const RunReport& report);
nlohmann::ordered_json RunSummaryJson(const PipelineDescription& pipeline, const RunReport& report);

}  // namespace retort::cli

// `retort run A --against B`: the same records through a second pipeline, and how the two compare.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/graph/run.h"
#include "tools/cli/compare.h"

namespace retort::cli {

/// "out.jsonl" becomes "out.against.jsonl".
std::string AgainstPath(const std::string& output);

/// Whether `pipeline` can be run beside another on the same records and its output be read afterwards. Errors:
/// kInvalidArgument for a stage that reads standard input or writes standard output.
Status CheckRepeatable(const std::string& file, const PipelineDescription& pipeline);

/// Whether every model computes with `precision: exact`, so that two pipelines must write the same texts.
bool IsExact(const PipelineDescription& pipeline);

/// Tokens per second of `first` over those of `second`; 0 where one of them generated none.
double SpeedUp(const RunReport& first, const RunReport& second);

std::string AgainstText(const RunReport& first, const RunReport& second, const Comparison& texts,
                        const std::string& name);
nlohmann::ordered_json TextsJson(const Comparison& texts);
/// One line for each text that differs.
std::string DifferencesText(const Comparison& texts);

}  // namespace retort::cli

// The arguments that `run`, `lint` and `plan` share: a pipeline file and values for its variables.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/pipeline.h"

namespace retort::cli {

struct PipelineArguments {
  std::string file;
  std::vector<std::string> settings;  // "name=value"
};

/// Add PIPELINE and `-s name=value`.
void AddPipelineArguments(CLI::App& command, PipelineArguments& arguments);

/// The settings by name. Errors: kInvalidArgument for one without `=`, or given twice.
Result<LoadOptions> ParseSettings(const std::vector<std::string>& settings);

/// Load and check; every fault is printed to stderr. nullopt: exit with kUsage.
std::optional<LoadedPipeline> LoadOrReport(const PipelineArguments& arguments, const Registry& registry);
/// The same for settings that were parsed.
std::optional<LoadedPipeline> LoadOrReport(const std::string& file, const LoadOptions& options,
                                           const Registry& registry);

}  // namespace retort::cli

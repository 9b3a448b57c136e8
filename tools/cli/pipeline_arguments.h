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
  std::vector<std::string> settings;  // "name=value", "stages.verify.with.temperature=0"
  std::vector<std::string> profiles;
};

/// Add PIPELINE, `-s name=value` and `--profile NAME`.
void AddPipelineArguments(CLI::App& command, PipelineArguments& arguments);
/// Of these, `-s` and `--profile`.
void AddSettings(CLI::App& command, std::vector<std::string>& settings, std::vector<std::string>& profiles);

/// The settings by name: those with a dot are values at a path, all others variables. Errors: kInvalidArgument for one
/// without `=`, or given twice.
Result<LoadOptions> ParseSettings(const std::vector<std::string>& settings);

/// The settings and profiles. Errors: those of ParseSettings.
Result<LoadOptions> OptionsOf(const PipelineArguments& arguments);

/// Load and check; every fault is printed to stderr. nullopt: exit with kUsage.
std::optional<LoadedPipeline> LoadOrReport(const PipelineArguments& arguments, const Registry& registry);
/// The same for settings that were parsed.
std::optional<LoadedPipeline> LoadOrReport(const std::string& file, const LoadOptions& options,
                                           const Registry& registry);
/// The same for a file that was read.
std::optional<LoadedPipeline> LoadOrReport(SourceText source, const LoadOptions& options, const Registry& registry);

}  // namespace retort::cli

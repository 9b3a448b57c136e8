#include "tools/cli/pipeline_arguments.h"

#include "tools/cli/output.h"

namespace retort::cli {

void AddPipelineArguments(CLI::App& command, PipelineArguments& arguments) {
  command.add_option("pipeline", arguments.file, "The pipeline file (YAML)")->required()->type_name("PIPELINE");
  AddSettings(command, arguments.settings, arguments.profiles);
}

void AddSettings(CLI::App& command, std::vector<std::string>& settings, std::vector<std::string>& profiles) {
  command
      .add_option("-s,--set", settings,
                  "Set a variable of the pipeline, or any value by its path (stages.verify.with.temperature=0); may be "
                  "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  command.add_option("--profile", profiles, "Lay this profile of the pipeline over it; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
}

Result<LoadOptions> ParseSettings(const std::vector<std::string>& settings) {
  LoadOptions options;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("-s " + setting + ": expected name=value, as in -s temperature=0.7");
    const std::string name = setting.substr(0, equals);
    if (!options.SettingsOf(name).emplace(name, setting.substr(equals + 1)).second)
      return InvalidArgument("-s " + name + " is given twice; give each value once");
  }
  return options;
}

Result<LoadOptions> OptionsOf(const PipelineArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(LoadOptions options, ParseSettings(arguments.settings));
  options.profiles = arguments.profiles;
  return options;
}

std::optional<LoadedPipeline> LoadOrReport(const PipelineArguments& arguments, const Registry& registry) {
  const auto options = OptionsOf(arguments);
  if (options.ok()) return LoadOrReport(arguments.file, *options, registry);
  PrintStatus(options.status());
  return std::nullopt;
}

std::optional<LoadedPipeline> LoadOrReport(const std::string& file, const LoadOptions& options,
                                           const Registry& registry) {
  auto source = ReadPipelineFile(file);
  if (!source.ok()) {
    PrintStatus(source.status());
    return std::nullopt;
  }
  return LoadOrReport(*std::move(source), options, registry);
}

std::optional<LoadedPipeline> LoadOrReport(SourceText source, const LoadOptions& options, const Registry& registry) {
  LoadedPipeline loaded = LoadPipeline(std::move(source), registry, options);
  PrintErrorDiagnostics(RenderText(loaded.diagnostics, loaded.source));
  if (!loaded.ok()) return std::nullopt;
  return loaded;
}

}  // namespace retort::cli

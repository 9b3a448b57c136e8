// retort lint: check pipelines and report every fault.
#include <memory>

#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct LintArguments {
  std::vector<std::string> files, settings;
  std::string format = "text";
};

int Lint(const LintArguments& arguments) {
  auto options = ParseSettings(arguments.settings);
  if (!options.ok()) {
    PrintStatus(options.status());
    return kUsage;
  }
  options->allow_unset_variables = true;
  int exit = kDone;
  std::vector<Diagnostic> all;
  for (const std::string& file : arguments.files) {
    auto source = ReadPipelineFile(file);
    if (!source.ok()) {
      PrintStatus(source.status());
      exit = kUsage;
      continue;
    }
    const LoadedPipeline loaded = LoadPipeline(*std::move(source), LoadStages(), *options);
    if (!loaded.ok()) exit = kUsage;
    if (arguments.format == "text") {
      Print(RenderText(loaded.diagnostics, loaded.source));
      if (loaded.diagnostics.empty()) Print(file + ": ok\n");
    }
    all.insert(all.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
  }
  if (arguments.format == "json") Print(RenderJson(all));
  return exit;
}

}  // namespace

void AddLintCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("lint", "Check pipelines; every fault is reported with its place");
  auto arguments = std::make_shared<LintArguments>();
  command->add_option("pipelines", arguments->files, "Pipeline files (YAML)")->required()->type_name("PIPELINE");
  command->add_option("-s,--set", arguments->settings, "Set a variable of the pipelines; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  command->add_option("--format", arguments->format, "How to print")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Exit codes: 0 no errors (warnings are allowed), 2 errors.\n"
      "Example: retort lint pipelines/*.yaml --format json");
  command->callback([=] { *action = [=] { return Lint(*arguments); }; });
}

}  // namespace retort::cli

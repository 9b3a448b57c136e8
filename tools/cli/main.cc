// retort: the command line.
#include <exception>
#include <string>

#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/standard_streams.h"
#include "tools/cli/usage_error.h"

namespace retort::cli {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Pipelines of small and large language models, wired by YAML files.", "retort");
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText(), "Print the version and the plugin ABI's");
  app.failure_message([](const CLI::App*, const CLI::Error&) { return std::string(); });
  app.footer(
      "Exit codes: 0 done, 1 some records failed, 2 usage or configuration, 3 run aborted, 130 interrupted.\n"
      "Example: retort run pipelines/speculative.yaml -s input=prompts.jsonl -s output=out.jsonl");
  Action action;
  AddRunCommand(app, &action);
  AddTopCommand(app, &action);
  AddLintCommand(app, &action);
  AddTestCommand(app, &action);
  AddPlanCommand(app, &action);
  AddGraphCommand(app, &action);
  AddDiffCommand(app, &action);
  AddListCommand(app, &action);
  AddDescribeCommand(app, &action);
  AddSchemaCommand(app, &action);
  AddReferenceCommand(app, &action);
  AddLockCommand(app, &action);
  AddModelsCommand(app, &action);
  AddNewCommand(app, &action);
  AddStageCommand(app, &action);
  AddSkipCommand(app, &action);
  AddSparseCommand(app, &action);
  AddBenchCommand(app, &action);
  AddCompareCommand(app, &action);
  AddLosslessCommand(app, &action);
  AddScoreCommand(app, &action);
  AddStoreCommand(app, &action);
  AddCompletionCommand(app, &action);
  AddManCommand(app, &action);
  AddVersionCommand(app, &action);
  if (argc == 1) {
    PrintError(app.help());
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    Print(app.help());  // of the command given: the application hands it on with the names before it
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    Print(std::string(version.what()) + "\n");
    return kDone;
  } catch (const CLI::ParseError& error) {
    PrintErrorDiagnostics(UsageErrorText(app, error));
    return kUsage;
  }
  return action();
}

}  // namespace
}  // namespace retort::cli

int main(int argc, char** argv) {
  retort::cli::OccupyClosedStreams();
  retort::cli::TurnWriteSignalsIntoErrors();
  try {
    const int exit = retort::cli::Main(argc, argv);
    return retort::cli::ReportLostOutput() ? retort::cli::kAborted : exit;
  } catch (const std::exception& error) {
    retort::cli::PrintError(std::string("error: ") + error.what() + "\n");
    return retort::cli::kAborted;
  }
}

// The subcommands of `retort`, one file each. Adding one to the app parses its options; what it does waits in `*action`
// until the whole command line was understood.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace retort::cli {

enum ExitCode : int { kDone = 0, kSomeFailed = 1, kUsage = 2, kAborted = 3, kInterrupted = 130 };

using Action = std::function<int()>;

void AddRunCommand(CLI::App& app, Action* action);
void AddLintCommand(CLI::App& app, Action* action);
void AddTestCommand(CLI::App& app, Action* action);
void AddPlanCommand(CLI::App& app, Action* action);
void AddGraphCommand(CLI::App& app, Action* action);
void AddDiffCommand(CLI::App& app, Action* action);
void AddListCommand(CLI::App& app, Action* action);
void AddDescribeCommand(CLI::App& app, Action* action);
void AddSchemaCommand(CLI::App& app, Action* action);
void AddReferenceCommand(CLI::App& app, Action* action);
void AddLockCommand(CLI::App& app, Action* action);
void AddModelsCommand(CLI::App& app, Action* action);
void AddNewCommand(CLI::App& app, Action* action);
void AddStageCommand(CLI::App& app, Action* action);
void AddSkipCommand(CLI::App& app, Action* action);
void AddSparseCommand(CLI::App& app, Action* action);
void AddBenchCommand(CLI::App& app, Action* action);
void AddCompareCommand(CLI::App& app, Action* action);
void AddLosslessCommand(CLI::App& app, Action* action);
void AddScoreCommand(CLI::App& app, Action* action);
void AddStoreCommand(CLI::App& app, Action* action);
void AddTopCommand(CLI::App& app, Action* action);
/// These two tell of all commands of `app`, which must outlive the action.
void AddCompletionCommand(CLI::App& app, Action* action);
void AddManCommand(CLI::App& app, Action* action);
void AddVersionCommand(CLI::App& app, Action* action);
std::string VersionText();

}  // namespace retort::cli

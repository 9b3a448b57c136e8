// retort man: manual pages.
#include <filesystem>
#include <memory>

#include "core/graph/nearest_name.h"
#include "tools/cli/commands.h"
#include "tools/cli/man_page.h"
#include "tools/cli/output.h"

namespace retort::cli {
namespace {

struct ManArguments {
  std::vector<std::string> command;
  std::string folder;
};

int WriteAll(const CommandNode& root, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    PrintStatus(InvalidArgument(folder + ": cannot be made: " + error.message()));
    return kUsage;
  }
  for (const CommandNode* node : AllCommands(root)) {
    const std::string path = folder + "/" + ManPageName(*node) + ".1";
    if (const int exit = PrintOrWrite(path, ManPage(root, *node, RETORT_VERSION)); exit != kDone) return exit;
  }
  return kDone;
}

int ShowPage(const CommandNode& root, const std::vector<std::string>& command) {
  const CommandNode* node = &root;
  for (const std::string& name : command) {
    const CommandNode* next = node->Find(name);
    if (next == nullptr) {
      std::vector<std::string> names;
      for (const CommandNode& known : node->commands) names.push_back(known.name);
      const std::string nearest = NearestName(name, names);
      PrintErrorDiagnostics("error: retort" + (node->path.empty() ? "" : " " + node->path) + " has no command `" +
                            name + "`\n" +
                            (nearest.empty() ? names.empty() ? "" : "  expected: one of " + NameList(names) + "\n"
                                             : "  did you mean `" + nearest + "`?\n"));
      return kUsage;
    }
    node = next;
  }
  Print(ManPage(root, *node, RETORT_VERSION));
  return kDone;
}

}  // namespace

void AddManCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("man", "Write the manual page of a command, or of retort");
  auto arguments = std::make_shared<ManArguments>();
  auto* name = command->add_option("command", arguments->command, "The command, such as `run` or `models quantize`")
                   ->type_name("COMMAND");
  command->add_option("--all", arguments->folder, "Write the pages of all commands into this folder")
      ->type_name("FOLDER")
      ->excludes(name);
  command->footer(
      "The page is in roff, as man reads it.\n"
      "Example: retort man run | man -l -\n"
      "Example: retort man --all ~/.local/share/man/man1");
  command->callback([&app, arguments, action] {
    *action = [&app, arguments] {
      const CommandNode root = ReadCommands(app);
      return arguments->folder.empty() ? ShowPage(root, arguments->command) : WriteAll(root, arguments->folder);
    };
  });
}

}  // namespace retort::cli

// retort completion: a script with which a shell completes commands.
#include <memory>

#include "tools/cli/commands.h"
#include "tools/cli/completion/completion_scripts.h"
#include "tools/cli/output.h"

namespace retort::cli {

void AddCompletionCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("completion", "Print a script with which a shell completes retort's commands");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Completed are commands, options and their choices, pipelines, other files, and the names of stages.\n"
      "Example: source <(retort completion bash)\n"
      "Example: retort completion zsh > ~/.zfunc/_retort    # where ~/.zfunc is in $fpath\n"
      "Example: retort completion fish > ~/.config/fish/completions/retort.fish");
  command->callback([&app, shell, action] {
    *action = [&app, shell] {
      const CommandNode root = ReadCommands(app);
      Print(*shell == "bash" ? BashCompletion(root) : *shell == "zsh" ? ZshCompletion(root) : FishCompletion(root));
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace retort::cli

// retort version.
#include "retort/plugin.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"

namespace retort::cli {

std::string VersionText() {
  return "retort " RETORT_VERSION ", plugin ABI " + std::to_string(RETORT_ABI_VERSION) + " (loads " +
         std::to_string(RETORT_ABI_OLDEST) + " to " + std::to_string(RETORT_ABI_VERSION) + ")";
}

void AddVersionCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("version", "Print the version and the plugin ABI's");
  command->footer("Example: retort version");
  command->callback([=] {
    *action = [] {
      Print(VersionText() + "\n");
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace retort::cli

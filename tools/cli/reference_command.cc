// retort reference: all keys, stages and rules in one Markdown document.
#include <memory>

#include "core/graph/reference_text.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

int WriteReference(const std::string& path) { return PrintOrWrite(path, ReferenceMarkdown(LoadStages())); }

}  // namespace

void AddReferenceCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("reference", "Write the reference of keys, stages and rules (Markdown)");
  auto path = std::make_shared<std::string>();
  command->add_option("-o,--output", *path, "Write to this file instead of stdout")->type_name("FILE");
  command->footer("Every stage found is in it.\nExample: retort reference --output pipelines/REFERENCE.md");
  command->callback([=] { *action = [=] { return WriteReference(*path); }; });
}

}  // namespace retort::cli

// retort schema: the JSON Schema of pipeline files.
#include <memory>

#include "core/graph/pipeline_schema.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

int WriteSchema(const std::string& path) { return PrintOrWrite(path, PipelineSchema(LoadStages()).dump(2) + "\n"); }

}  // namespace

void AddSchemaCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("schema", "Write the JSON Schema of pipeline files, for editors");
  auto path = std::make_shared<std::string>();
  command->add_option("-o,--output", *path, "Write to this file instead of stdout")->type_name("FILE");
  command->footer(
      "Every stage found is in it with its options.\n"
      "Example: retort schema --output schemas/pipeline.schema.json");
  command->callback([=] { *action = [=] { return WriteSchema(*path); }; });
}

}  // namespace retort::cli

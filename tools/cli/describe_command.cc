// retort describe: one stage's ports and options.
#include <memory>

#include "core/graph/nearest_name.h"
#include "core/graph/stage_text.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct DescribeArguments {
  std::string stage;
  std::string format = "text";
};

int Describe(const DescribeArguments& arguments) {
  const Registry& registry = LoadStages();
  const StageDescriptor* stage = registry.Find(arguments.stage);
  if (stage == nullptr) {
    const std::string nearest = NearestName(arguments.stage, registry.StageNames());
    PrintError("error: there is no stage `" + arguments.stage + "`\n  expected: one of " +
               NameList(registry.StageNames()) + "\n");
    if (!nearest.empty()) PrintError("  did you mean `" + nearest + "`?\n");
    return kUsage;
  }
  if (arguments.format == "json") {
    Print(DescribeStageJson(*stage).dump(2) + "\n");
  } else {
    Print(arguments.format == "markdown" ? DescribeStageMarkdown(*stage) : DescribeStageText(*stage));
  }
  return kDone;
}

}  // namespace

void AddDescribeCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("describe", "Describe a stage: ports, options, an example");
  auto arguments = std::make_shared<DescribeArguments>();
  command->add_option("stage", arguments->stage, "The stage's name, as in `uses:`")->required()->type_name("STAGE");
  command->add_option("--format", arguments->format, "How to print")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->capture_default_str();
  command->footer("Example: retort describe verify --format markdown");
  command->callback([=] { *action = [=] { return Describe(*arguments); }; });
}

}  // namespace retort::cli

// retort list: the stages found, the plugins refused, the models at hand.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/model/model.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNamedModels[] = {"smollm2-135m-instruct"};  // those that tools/get-model fetches

/// The file of a named model; "" where it was not fetched yet.
std::string ModelPath(const std::string& name) {
  const auto path = ResolveModelSource(name);
  return path.ok() ? *path : "";
}

std::string ListText(const Registry& registry) {
  std::string out = "STAGES\n";
  for (const StageDescriptor* stage : registry.all()) out += fmt::format("  {:<14} {}\n", stage->name, stage->summary);
  if (registry.all().empty()) out += "  none\n";
  if (!registry.refused().empty()) out += "\nREFUSED PLUGINS\n";
  for (const RefusedPlugin& plugin : registry.refused())
    out += fmt::format("  {}\n      {}\n", plugin.path, plugin.reason.ToString());
  out += "\nMODELS\n";
  for (const std::string name : kNamedModels) {
    const std::string path = ModelPath(name);
    out += fmt::format("  {:<24} {}\n", name,
                       path.empty() ? "not here yet; `tools/get-model " + name + "` fetches it" : path);
  }
  return out;
}

/// The stages' names, for programs that complete or loop.
std::string NamesText(const Registry& registry) {
  std::string out;
  for (const std::string& name : registry.StageNames()) out += name + "\n";
  return out;
}

Json ListJson(const Registry& registry) {
  Json stages = Json::array(), refused = Json::array(), models = Json::array();
  for (const StageDescriptor* stage : registry.all())
    stages.push_back({{"name", stage->name}, {"summary", stage->summary}, {"plugin", stage->plugin_path}});
  for (const RefusedPlugin& plugin : registry.refused())
    refused.push_back(
        {{"path", plugin.path}, {"code", StatusCodeName(plugin.reason.code())}, {"reason", plugin.reason.message()}});
  for (const std::string name : kNamedModels) {
    const std::string path = ModelPath(name);
    models.push_back({{"name", name}, {"path", path.empty() ? Json() : Json(path)}});
  }
  return {{"stages", stages}, {"refused", refused}, {"models", models}};
}

}  // namespace

void AddListCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("list", "List stages, refused plugins with the reason, and models");
  auto json = std::make_shared<bool>(false), names = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "As JSON")
      ->excludes(command->add_flag("--names", *names, "The stages' names alone, one a line"));
  command->footer("Example: retort list");
  command->callback([=] {
    *action = [=] {
      const Registry& registry = LoadStages();
      Print(*names  ? NamesText(registry)
            : *json ? ListJson(registry).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                    : ListText(registry));
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace retort::cli

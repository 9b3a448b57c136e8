// retort diff: how two pipelines differ in meaning.
#include <memory>

#include "core/graph/diff/pipeline_diff.h"
#include "tools/cli/colour.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct DiffArguments {
  std::string before, after;
  std::vector<std::string> settings, profiles;
  std::string format = "text";
};

/// What of the settings concerns a pipeline.
class Concerned {
 public:
  explicit Concerned(const SourceText& source) : source_(source) {
    Diagnostics ignored(source.file());
    root_ = ParseYaml(source, ignored);
  }

  /// Whether the variable is declared, or named in a value.
  bool Variable(const std::string& name) const {
    const std::string& text = source_.text();
    return text.find("${" + name + "}") != std::string::npos || text.find("${" + name + ":-") != std::string::npos ||
           Find("variables", name);
  }
  /// Whether there is the model or stage that a path such as `stages.draft.with.max_tokens` leads into.
  bool Path(const std::string& path) const {
    const size_t dot = path.find('.');
    const std::string section = path.substr(0, dot), rest = path.substr(dot + 1);
    return section == "engine" || Find(section, rest.substr(0, rest.find('.')));
  }
  bool Profile(const std::string& name) const { return Find("profiles", name); }

 private:
  bool Find(const std::string& section, const std::string& key) const {
    const YamlNode* map = root_ == nullptr ? nullptr : root_->Find(section);
    return map != nullptr && map->Find(key) != nullptr;
  }
  const SourceText& source_;
  YamlNodePtr root_;
};

/// Each setting for the pipeline that it concerns; for both where it concerns neither, so that both say so.
std::pair<LoadOptions, LoadOptions> Divide(const LoadOptions& options, const SourceText& before_source,
                                           const SourceText& after_source) {
  const Concerned before(before_source), after(after_source);
  LoadOptions first, second;
  const auto divide = [](bool is_first, bool is_second, auto add_first, auto add_second) {
    if (is_first || !is_second) add_first();
    if (is_second || !is_first) add_second();
  };
  for (const auto& setting : options.variables) {
    divide(
        before.Variable(setting.first), after.Variable(setting.first), [&] { first.variables.insert(setting); },
        [&] { second.variables.insert(setting); });
  }
  for (const auto& setting : options.overrides) {
    divide(
        before.Path(setting.first), after.Path(setting.first), [&] { first.overrides.insert(setting); },
        [&] { second.overrides.insert(setting); });
  }
  for (const std::string& name : options.profiles) {
    divide(
        before.Profile(name), after.Profile(name), [&] { first.profiles.push_back(name); },
        [&] { second.profiles.push_back(name); });
  }
  return {std::move(first), std::move(second)};
}

/// Both sources, or nullopt after saying why.
std::optional<std::pair<SourceText, SourceText>> ReadBoth(const DiffArguments& arguments) {
  auto before = ReadPipelineFile(arguments.before), after = ReadPipelineFile(arguments.after);
  for (const auto* source : {&before, &after}) {
    if (!source->ok()) PrintStatus(source->status());
  }
  if (!before.ok() || !after.ok()) return std::nullopt;
  return std::pair{*std::move(before), *std::move(after)};
}

int ShowDifferences(const DiffArguments& arguments) {
  const auto options = OptionsOf({"", arguments.settings, arguments.profiles});
  if (!options.ok()) {
    PrintStatus(options.status());
    return kUsage;
  }
  auto sources = ReadBoth(arguments);
  if (!sources) return kUsage;
  const auto [before_options, after_options] = Divide(*options, sources->first, sources->second);
  const auto before = LoadOrReport(std::move(sources->first), before_options, LoadStages());
  const auto after = LoadOrReport(std::move(sources->second), after_options, LoadStages());
  if (!before || !after) return kUsage;
  const std::vector<Difference> differences = DiffPipelines(before->description, after->description);
  if (arguments.format == "json") {
    using Json = nlohmann::ordered_json;
    Print(DiffJson(differences, arguments.before, arguments.after).dump(2, ' ', false, Json::error_handler_t::replace) +
          "\n");
  } else {
    const std::string text = DiffText(differences, arguments.before, arguments.after);
    Print(OutputWantsColours() ? ColourDiff(text) : text);
  }
  return differences.empty() ? kDone : kSomeFailed;
}

}  // namespace

void AddDiffCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("diff", "Show how two pipelines differ in meaning");
  auto arguments = std::make_shared<DiffArguments>();
  command->add_option("before", arguments->before, "A pipeline file (YAML)")->required()->type_name("PIPELINE");
  command->add_option("after", arguments->after, "The one to compare it with")->required()->type_name("PIPELINE");
  AddSettings(*command, arguments->settings, arguments->profiles);
  command->add_option("--format", arguments->format, "How to print")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Compared are stages, options, models, engine and edges after variables and defaults: comments, quotes and the\n"
      "order of keys are no differences, nor is a default that is written out. + added, - removed, > renamed, ~ "
      "changed.\n"
      "Exit codes: 0 both mean the same, 1 they differ, 2 a pipeline has faults.\n"
      "Example: retort diff pipelines/speculative.yaml pipelines/speculative-ngram.yaml\n"
      "Example: retort diff old.yaml new.yaml -s temperature=0 --format json");
  command->callback([=] { *action = [=] { return ShowDifferences(*arguments); }; });
}

}  // namespace retort::cli

#include "tools/cli/command_tree.h"

#include <algorithm>
#include <array>

namespace retort::cli {
namespace {

ValueKind KindOf(const std::string& value, bool choices) {
  constexpr std::array<std::string_view, 8> kFiles = {"FILE",  "FOLDER", "MODEL", "exact|MODEL",
                                                      "TASKS", "OUTPUT", "LEFT",  "RIGHT"};
  if (choices) return ValueKind::kChoice;
  if (value == "PIPELINE") return ValueKind::kPipeline;
  if (value == "STAGE") return ValueKind::kStage;
  if (value == "COMMAND") return ValueKind::kCommand;
  return std::find(kFiles.begin(), kFiles.end(), value) == kFiles.end() ? ValueKind::kText : ValueKind::kFile;
}

/// "0 to 9" of the parser's "[0 - 9]".
std::string RangeText(const std::string& range) {
  const size_t between = range.find(" - ");
  if (!range.starts_with('[') || !range.ends_with(']') || between == std::string::npos) return range;
  return range.substr(1, between - 1) + " to " + range.substr(between + 3, range.size() - between - 4);
}

/// A type as the parser writes it: `NAME`, `NAME:{choice,choice}`, `NAME:INT in [0 - 9]`.
void ReadType(const std::string& type, CommandOption& option) {
  const size_t colon = type.find(':');
  option.value = type.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : type.substr(colon + 1);
  if (rest.starts_with('{') && rest.ends_with('}')) {
    option.choices = CLI::detail::split(rest.substr(1, rest.size() - 2), ',');
  } else if (const size_t in = rest.find(" in "); in != std::string::npos) {
    option.range = RangeText(rest.substr(in + 4));
  }
  option.kind = KindOf(option.value, !option.choices.empty());
}

CommandOption ReadOption(const CLI::Option& option) {
  CommandOption out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  out.positional = out.names.empty();
  if (out.positional) out.names.push_back(option.get_single_name());
  out.text = option.get_description();
  out.required = option.get_required();
  if (option.get_type_size_max() == 0) return out;  // a flag
  out.repeated = option.get_items_expected_max() >= CLI::detail::expected_max_vector_size;
  out.default_value = option.get_default_str();
  ReadType(option.get_type_name(), out);
  return out;
}

CommandNode Read(const CLI::App& app, const std::string& path) {
  CommandNode node{app.get_name(), path, app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) node.options.push_back(ReadOption(*option));
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    node.commands.push_back(Read(*command, path + (path.empty() ? "" : " ") + command->get_name()));
  return node;
}

}  // namespace

const CommandNode* CommandNode::Find(const std::string& command) const {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const CommandNode& node) { return node.name == command; });
  return found == commands.end() ? nullptr : &*found;
}

CommandNode ReadCommands(const CLI::App& app) { return Read(app, ""); }

std::vector<const CommandNode*> AllCommands(const CommandNode& node) {
  std::vector<const CommandNode*> all = {&node};
  for (const CommandNode& command : node.commands) {
    const auto below = AllCommands(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::vector<const CommandOption*> Options(const CommandNode& node, bool positional) {
  std::vector<const CommandOption*> options;
  for (const CommandOption& option : node.options) {
    if (option.positional == positional) options.push_back(&option);
  }
  return options;
}

}  // namespace retort::cli

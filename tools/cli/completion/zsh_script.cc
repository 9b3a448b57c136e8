#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/completion/completion_scripts.h"

namespace retort::cli {
namespace {

constexpr const char* kBegin = R"script(#compdef retort
# Completion of retort for zsh. Made by `retort completion zsh`; to be put into a folder of $fpath as `_retort`, or read.

_retort_stages() {
  local -a names
  names=(${(f)"$(_call_program stages retort list --names 2> /dev/null)"})
  compadd -a names
}

)script";

constexpr const char* kEnd = R"script(if [[ ${funcstack[1]} == _retort ]]; then
  _retort "$@"
else
  compdef _retort retort
fi
)script";

/// The characters that end a part of a specification get a backslash.
std::string Part(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\:[]").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string FunctionOf(const CommandNode& node) {
  std::string name = "_retort" + (node.path.empty() ? "" : "_" + node.path);
  for (char& c : name) c = c == ' ' || c == '-' ? '_' : c;
  return name;
}

std::string Action(const CommandNode& root, const CommandOption& option) {
  switch (option.kind) {
    case ValueKind::kChoice: return fmt::format("({})", fmt::join(option.choices, " "));
    case ValueKind::kFile: return "_files";
    case ValueKind::kPipeline: return "_files -g \"*.(yaml|yml)\"";
    case ValueKind::kStage: return "_retort_stages";
    case ValueKind::kCommand: {
      std::string names;
      for (const CommandNode& command : root.commands) names += (names.empty() ? "" : " ") + command.name;
      return "(" + names + ")";
    }
    default: return " ";
  }
}

/// One specification of _arguments for each name; the names exclude each other unless the option may be repeated.
std::string OptionSpecs(const CommandNode& root, const CommandOption& option) {
  const bool flag = option.kind == ValueKind::kNone;
  const std::string before = option.repeated ? "*" : fmt::format("({})", fmt::join(option.names, " "));
  const std::string after =
      "[" + Part(option.text) + "]" + (flag ? "" : ":" + Part(option.value) + ":" + Action(root, option));
  std::string out;
  for (const std::string& name : option.names) {
    const char* joined = flag ? "" : name.starts_with("--") ? "=" : "+";
    out += " \\\n    " + ShellQuoted(before + name + joined + after);
  }
  return out;
}

std::string LeafFunction(const CommandNode& root, const CommandNode& node) {
  std::string out = FunctionOf(node) + "() {\n  _arguments";
  for (const CommandOption* option : Options(node, false)) out += OptionSpecs(root, *option);
  size_t number = 0;
  for (const CommandOption* argument : Options(node, true)) {
    const std::string place = argument->repeated ? "*" : std::to_string(++number);
    out += " \\\n    " + ShellQuoted(place + ":" + Part(argument->value) + ":" + Action(root, *argument));
  }
  return out + "\n}\n\n";
}

std::string GroupFunction(const CommandNode& root, const CommandNode& node) {
  std::string out = FunctionOf(node) +
                    "() {\n  local context state state_descr line\n  local -A opt_args\n  local -a commands\n"
                    "  _arguments -C";
  for (const CommandOption* option : Options(node, false)) out += OptionSpecs(root, *option);
  out += " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n    command)\n      commands=(\n";
  for (const CommandNode& command : node.commands)
    out += "        " + ShellQuoted(command.name + ":" + command.summary) + "\n";
  out += "      )\n      _describe command commands\n      ;;\n    rest)\n      case $line[1] in\n";
  for (const CommandNode& command : node.commands)
    out += "        " + command.name + ") " + FunctionOf(command) + " ;;\n";
  return out + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string ZshCompletion(const CommandNode& root) {
  std::string out = kBegin;
  for (const CommandNode* node : AllCommands(root))
    out += node->commands.empty() ? LeafFunction(root, *node) : GroupFunction(root, *node);
  return out + kEnd;
}

}  // namespace retort::cli

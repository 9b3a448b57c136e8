#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/completion/completion_scripts.h"

namespace retort::cli {
namespace {

constexpr const char* kBegin = R"script(# Completion of retort for fish. Made by `retort completion fish`.

function __retort_at --description 'Whether the commands typed so far are those given'
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim "$path $word")
        contains -- $next $__retort_commands; and set path $next
    end
    test "$path" = "$argv[1]"
end

)script";

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
  return out + "'";
}

/// What may be completed as a value or an argument; `-x` forbids other files.
std::string Complete(const CommandNode& root, const CommandOption& option) {
  switch (option.kind) {
    case ValueKind::kChoice: return "-x -a " + Quoted(fmt::format("{}", fmt::join(option.choices, " ")));
    case ValueKind::kFile: return "-r -F";
    case ValueKind::kPipeline: return "-x -k -a '(__fish_complete_suffix .yaml)'";
    case ValueKind::kStage: return "-x -a '(retort list --names 2> /dev/null)'";
    case ValueKind::kCommand: {
      std::string names;
      for (const CommandNode& command : root.commands) names += (names.empty() ? "" : " ") + command.name;
      return "-x -a " + Quoted(names);
    }
    default: return "-x";
  }
}

std::string CommandLines(const CommandNode& root, const CommandNode& node) {
  const std::string begin = "complete -c retort -n " + Quoted("__retort_at " + Quoted(node.path));
  std::string out;
  for (const CommandNode& command : node.commands)
    out += begin + " -f -a " + command.name + " -d " + Quoted(command.summary) + "\n";
  for (const CommandOption* option : Options(node, false)) {
    out += begin;
    for (const std::string& name : option->names)
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option->kind != ValueKind::kNone) out += " " + Complete(root, *option);
    out += " -d " + Quoted(option->text) + "\n";
  }
  if (const auto arguments = Options(node, true); !arguments.empty())
    out += begin + " " + Complete(root, *arguments.front()) + "\n";
  return out;
}

}  // namespace

std::string FishCompletion(const CommandNode& root) {
  std::string paths;
  for (const CommandNode* node : AllCommands(root)) {
    if (!node->path.empty()) paths += " " + Quoted(node->path);
  }
  std::string out = kBegin + ("set -g __retort_commands" + paths) + "\ncomplete -c retort -f\n";
  for (const CommandNode* node : AllCommands(root)) out += CommandLines(root, *node);
  return out;
}

}  // namespace retort::cli

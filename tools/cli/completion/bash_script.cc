#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/completion/completion_scripts.h"

namespace retort::cli {
namespace {

// `cur` and `prev` are the caller's. `--option=value` comes as three words.
constexpr const char* kFunctions =
    R"script(# Completion of retort for bash 4 or newer. Made by `retort completion bash`.

_retort_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_retort_files() {  # files with one of the endings given, or all; folders always
  local ending
  compopt -o filenames 2> /dev/null || :
  mapfile -t COMPREPLY < <(
    if [[ $# -eq 0 ]]; then compgen -f -- "$cur"; else compgen -d -- "$cur"; fi || :
    for ending in "$@"; do compgen -f -X "!*.$ending" -- "$cur" || :; done)
}

_retort_stages() {
  _retort_words "$("${COMP_WORDS[0]}" list --names 2> /dev/null)"
}

)script";

constexpr const char* kBegin = R"script(_retort() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} path= next i
  COMPREPLY=()
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = && COMP_CWORD -gt 1 ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    next="${path:+$path }${COMP_WORDS[i]}"
    case $next in
)script";

std::string Words(const std::vector<std::string>& words) {
  return "_retort_words " + ShellQuoted(fmt::format("{}", fmt::join(words, " ")));
}

std::vector<std::string> NamesOf(const std::vector<CommandNode>& commands) {
  std::vector<std::string> names;
  for (const CommandNode& command : commands) names.push_back(command.name);
  return names;
}

std::string Complete(const CommandNode& root, const CommandOption& option) {
  switch (option.kind) {
    case ValueKind::kChoice: return Words(option.choices);
    case ValueKind::kFile: return "_retort_files";
    case ValueKind::kPipeline: return "_retort_files yaml yml";
    case ValueKind::kStage: return "_retort_stages";
    case ValueKind::kCommand: return Words(NamesOf(root.commands));
    default: return ":";
  }
}

/// After an option that takes a value.
std::string ValueCases(const CommandNode& root) {
  std::string out;
  for (const CommandNode* node : AllCommands(root)) {
    for (const CommandOption* option : Options(*node, false)) {
      if (option->kind == ValueKind::kNone) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option->names) patterns.push_back(ShellQuoted(node->path + ":" + name));
      out += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, " | "), Complete(root, *option));
    }
  }
  return out;
}

/// Options of each command, and what else may stand there.
std::string WordCases(const CommandNode& root, bool options) {
  std::string out;
  for (const CommandNode* node : AllCommands(root)) {
    std::string complete;
    if (options) {
      std::vector<std::string> names;
      for (const CommandOption* option : Options(*node, false))
        names.insert(names.end(), option->names.begin(), option->names.end());
      complete = Words(names);
    } else if (!node->commands.empty()) {
      complete = Words(NamesOf(node->commands));
    } else if (const auto arguments = Options(*node, true); !arguments.empty()) {
      complete = Complete(root, *arguments.front());  // several of a command are of one kind
    } else {
      continue;
    }
    out += fmt::format("      {}) {} ;;\n", ShellQuoted(node->path), complete);
  }
  return out;
}

}  // namespace

std::string ShellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string BashCompletion(const CommandNode& root) {
  std::vector<std::string> paths;
  for (const CommandNode* node : AllCommands(root)) {
    if (!node->path.empty()) paths.push_back(ShellQuoted(node->path));
  }
  std::string out = std::string(kFunctions) + kBegin;
  out += fmt::format("      {}) path=$next ;;\n    esac\n  done\n", fmt::join(paths, " | "));
  out += "  case $path:$prev in\n" + ValueCases(root) + "  esac\n";
  out += "  if [[ $cur == -* ]]; then\n    case $path in\n" + WordCases(root, true) + "    esac\n  else\n";
  return out + "    case $path in\n" + WordCases(root, false) + "    esac\n  fi\n}\n\ncomplete -F _retort retort\n";
}

}  // namespace retort::cli

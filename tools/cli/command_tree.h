// The commands and their options as plain data, read off the command line's parser: what completion scripts and manual
// pages are made from.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace retort::cli {

/// What stands for a value, by the name that help gives it.
enum class ValueKind { kNone, kText, kChoice, kFile, kPipeline, kStage, kCommand };

struct CommandOption {
  std::vector<std::string> names;  // "-o", "--output"; one without dashes where it is positional
  bool positional = false, required = false, repeated = false;
  ValueKind kind = ValueKind::kNone;  // kNone: a flag
  std::string value;                  // "FILE"; empty for flags
  std::vector<std::string> choices;
  std::string text, range, default_value;  // the latter two may be empty; a range is "0 to 4096"
};

struct CommandNode {
  std::string name, path;  // "quantize", "models quantize"; the root's path is empty
  std::string summary;
  std::string footer;  // prose, `Exit codes: ...` and lines of `Example: ...`
  std::vector<CommandOption> options;
  std::vector<CommandNode> commands;

  const CommandNode* Find(const std::string& command) const;
};

CommandNode ReadCommands(const CLI::App& app);

/// `node` and all commands below it, parents first.
std::vector<const CommandNode*> AllCommands(const CommandNode& node);

/// The options, or the positional arguments.
std::vector<const CommandOption*> Options(const CommandNode& node, bool positional);

}  // namespace retort::cli

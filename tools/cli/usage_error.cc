#include "tools/cli/usage_error.h"

#include "core/graph/nearest_name.h"

namespace retort::cli {
namespace {

/// The innermost command that was recognised.
const CLI::App& Innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : Innermost(*chosen.front());
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : FullName(*app.get_parent()) + " " + app.get_name();
}

std::string Unknown(const CLI::App& app, const std::string& argument) {
  const bool option = argument.starts_with('-');
  const std::string word = option ? argument.substr(0, argument.find('=')) : argument;
  const std::vector<std::string> known = option ? OptionNames(app) : CommandNames(app);
  std::string text = FullName(app) +
                     (option          ? " has no option `"
                      : known.empty() ? " takes no further argument `"
                                      : " has no command `") +
                     word + "`\n";
  if (const std::string nearest = NearestName(word, known); !nearest.empty()) {
    text += "  did you mean `" + nearest + "`?\n";
  } else if (!known.empty()) {
    text += "  expected: one of " + NameList(known) + "\n";
  }
  return text;
}

}  // namespace

std::string UsageErrorText(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = Innermost(app);
  const std::vector<std::string> extra = app.remaining(true);
  std::string text = "error: ";
  if (!extra.empty()) {
    text += Unknown(command, extra.front());
  } else {
    text += FullName(command) + ": " + error.what() + "\n";
  }
  return text + "  see `" + FullName(command) + " --help`\n";
}

}  // namespace retort::cli

#include "tools/cli/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/model/utf8.h"

namespace retort::cli {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> kEnvironment = {{
    {"RETORT_PLUGIN_PATH", "Folders of plugins beside retort's own, parted by colons."},
    {"RETORT_CACHE", "Where fetched models and what is known of plugins are kept, instead of ~/.cache/retort."},
    {"NO_COLOR", "Where it is set and not empty, nothing is coloured."},
    {"CLICOLOR_FORCE", "Where it is set and not empty, and NO_COLOR is not, text is coloured also in files and pipes."},
    {"TERM", "A terminal called dumb gets no colours."},
}};

/// Text that roff shows as it is: quotes and dashes as in a program, nothing read as a request.
std::string Roff(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::max<size_t>(1, Utf8CharLength(text, at));
    switch (text[at]) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '\'': out += "\\(aq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '.': out += out.empty() || out.ends_with('\n') ? "\\&." : "."; break;
      default: out += text.substr(at, length);
    }
    at += length;
  }
  return out;
}

std::string Bold(const std::string& text) { return "\\fB" + Roff(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Roff(text) + "\\fR"; }

/// A footer by what its lines are.
struct Footer {
  std::string prose, exit_codes;
  std::vector<std::string> examples;
};

Footer SplitFooter(const std::string& text) {
  constexpr std::string_view kExample = "Example: ", kExit = "Exit codes: ";
  Footer footer;
  std::istringstream lines(text);
  std::string* into = &footer.prose;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kExample)) {
      footer.examples.push_back(line.substr(kExample.size()));
      continue;
    }
    if (line.starts_with(kExit)) {
      into = &footer.exit_codes;
      line.erase(0, kExit.size());
    }
    *into += line + "\n";
  }
  return footer;
}

std::string Synopsis(const CommandNode& node) {
  std::string out = Bold("retort" + (node.path.empty() ? "" : " " + node.path));
  if (!Options(node, false).empty()) out += " [" + Italic("OPTIONS") + "]";
  for (const CommandOption* argument : Options(node, true)) {
    const std::string text = Italic(argument->choices.empty() ? argument->value : argument->names.front()) +
                             (argument->repeated ? " ..." : "");
    out += argument->required ? " " + text : " [" + text + "]";
  }
  if (!node.commands.empty()) out += " " + Italic("COMMAND");
  return out + "\n";
}

std::string OptionText(const CommandOption& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names)
    names.push_back(option.positional ? Italic(option.choices.empty() ? option.value : name) : Bold(name));
  std::string out = fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (!option.positional && option.kind != ValueKind::kNone) out += " " + Italic(option.value);
  if (option.repeated) out += " ...";
  out += "\n" + Roff(option.text) + ".\n";
  if (!option.choices.empty()) out += "One of " + Roff(fmt::format("{}", fmt::join(option.choices, ", "))) + ".\n";
  if (!option.range.empty()) out += "Range: " + Roff(option.range) + ".\n";
  if (!option.default_value.empty()) out += "Default: " + Roff(option.default_value) + ".\n";
  if (option.required && !option.positional) out += "Required.\n";
  return out;
}

std::string OptionSection(const CommandNode& node, bool positional) {
  std::string out;
  for (const CommandOption* option : Options(node, positional)) out += OptionText(*option);
  return out.empty() ? "" : (positional ? ".SH ARGUMENTS\n" : ".SH OPTIONS\n") + out;
}

std::string CommandSection(const CommandNode& node) {
  std::string out;
  for (const CommandNode& command : node.commands)
    out += ".TP\n" + Bold(command.name) + "\n" + Roff(command.summary) + ".\n";
  return out.empty() ? "" : ".SH COMMANDS\n" + out;
}

std::string EnvironmentSection() {
  std::string out = ".SH ENVIRONMENT\n";
  for (const auto& [name, text] : kEnvironment) out += ".TP\n" + Bold(name) + "\n" + Roff(text) + "\n";
  return out;
}

std::string ExampleSection(const std::vector<std::string>& examples) {
  if (examples.empty()) return "";
  std::string out = ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : examples) out += Roff(example) + "\n";
  return out + ".fi\n";
}

/// The pages above and below.
std::string SeeAlso(const CommandNode& root, const CommandNode& node) {
  std::vector<std::string> pages;
  if (&node != &root) pages.push_back(ManPageName(root));
  if (const size_t space = node.path.find(' '); space != std::string::npos)
    pages.push_back(ManPageName(*root.Find(node.path.substr(0, space))));
  for (const CommandNode& command : node.commands) pages.push_back(ManPageName(command));
  std::string out = ".SH SEE ALSO\n";
  for (size_t i = 0; i < pages.size(); ++i) out += (i == 0 ? "" : ",\n") + Bold(pages[i]) + "(1)";
  return out + "\n";
}

}  // namespace

std::string ManPageName(const CommandNode& node) {
  std::string name = node.path.empty() ? "retort" : "retort-" + node.path;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string ManPage(const CommandNode& root, const CommandNode& node, const std::string& version) {
  const Footer footer = SplitFooter(node.footer);
  std::string title = ManPageName(node);
  std::transform(title.begin(), title.end(), title.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  std::string out = fmt::format(".TH {} 1 \"\" \"retort {}\" \"Retort\"\n", Roff(title), Roff(version));
  out += ".SH NAME\n" + Roff(ManPageName(node)) + " \\- " + Roff(node.summary) + "\n";
  out += ".SH SYNOPSIS\n" + Synopsis(node);
  if (!footer.prose.empty()) out += ".SH DESCRIPTION\n" + Roff(footer.prose);
  out += CommandSection(node) + OptionSection(node, true) + OptionSection(node, false);
  if (!footer.exit_codes.empty()) out += ".SH EXIT STATUS\n" + Roff(footer.exit_codes);
  if (node.path.empty()) out += EnvironmentSection();
  return out + ExampleSection(footer.examples) + SeeAlso(root, node);
}

}  // namespace retort::cli

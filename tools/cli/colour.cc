#include "tools/cli/colour.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace retort::cli {
namespace {

constexpr std::string_view kRed = "\033[31m", kBoldRed = "\033[1;31m", kBoldYellow = "\033[1;33m", kGreen = "\033[32m",
                           kYellow = "\033[33m", kCyan = "\033[36m", kPlain = "\033[0m";

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool WantsColours(int stream) {
  if (IsSet("NO_COLOR")) return false;
  if (IsSet("CLICOLOR_FORCE")) return true;
  const char* terminal = std::getenv("TERM");
  return isatty(stream) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string Painted(std::string_view colour, std::string_view text) {
  return std::string(colour).append(text).append(kPlain);
}

/// Whether a line is one of those that show the source: `  12 | text`, or `     |    ^`.
bool IsExcerpt(std::string_view line) {
  const size_t bar = line.find(" | ");
  return bar != std::string_view::npos && line.starts_with("  ") &&
         line.substr(0, bar).find_first_not_of(" 0123456789") == std::string_view::npos;
}

std::string ColourExcerpt(std::string_view line) {
  const size_t after = line.find(" | ") + 3;
  const bool number = line.substr(0, after).find_first_of("0123456789") != std::string_view::npos;
  const size_t caret = line.find_first_not_of(' ', after);
  if (number || caret == std::string_view::npos || line[caret] != '^') return std::string(line);
  return std::string(line.substr(0, caret)) + Painted(kBoldRed, line.substr(caret));
}

/// `error: ...`, or `file:line:column: error: ...`; the first such word counts, others are part of the message.
std::string ColourSeverity(std::string_view line) {
  struct Severity {
    std::string_view word, colour;
  };
  size_t first = std::string_view::npos;
  Severity found;
  for (const Severity& severity : {Severity{"error:", kBoldRed}, Severity{"warning:", kBoldYellow}}) {
    const size_t inside = line.find(": " + std::string(severity.word) + " ");
    const size_t at = line.starts_with(severity.word) ? 0 : inside == std::string_view::npos ? inside : inside + 2;
    if (at >= first) continue;
    first = at;
    found = severity;
  }
  if (first == std::string_view::npos) return std::string(line);
  return std::string(line.substr(0, first)) + Painted(found.colour, found.word) +
         std::string(line.substr(first + found.word.size()));
}

template <typename Colour>
std::string ByLine(std::string_view text, Colour colour) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += colour(text.substr(0, end));
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

bool OutputWantsColours() { return WantsColours(STDOUT_FILENO); }
bool ErrorWantsColours() { return WantsColours(STDERR_FILENO); }

std::string ColourDiagnostics(std::string_view text) {
  return ByLine(text, [](std::string_view line) {
    if (IsExcerpt(line)) return ColourExcerpt(line);
    return line.starts_with("  ") ? std::string(line) : ColourSeverity(line);
  });
}

std::string ColourDiff(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kColours = {
      {{"+ ", kGreen}, {"- ", kRed}, {"~ ", kYellow}, {"> ", kCyan}}};
  return ByLine(text, [&](std::string_view line) {
    for (const auto& [begin, colour] : kColours) {
      if (line.starts_with(begin)) return Painted(colour, line);
    }
    return std::string(line);
  });
}

}  // namespace retort::cli

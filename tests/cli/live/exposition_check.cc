#include "tests/cli/live/exposition_check.h"

#include <regex>
#include <set>
#include <sstream>

namespace retort::testing {

std::string ExpositionFault(const std::string& text) {
  static const std::regex kHelp("# HELP ([a-z_:][a-z0-9_:]*) \\S.*"), kType("# TYPE ([a-z_:][a-z0-9_:]*) ([a-z]+)"),
      kSample(R"re(([a-z_:][a-z0-9_:]*)(\{([a-z_]+="([^"\\]|\\["\\n])*",?)+\})? (-?[0-9.e+-]+|NaN|[+-]Inf))re");
  std::set<std::string> seen, samples;
  std::string helped, typed, type;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    const auto fault = [&](const char* rule) { return std::string(rule) + ": " + line; };
    if (std::regex_match(line, match, kHelp)) {
      if (!seen.insert(helped = match[1]).second) return fault("a metric is described once");
    } else if (std::regex_match(line, match, kType)) {
      typed = match[1], type = match[2];
      if (typed != helped) return fault("TYPE follows the HELP of the same metric");
      if (type == "counter" && !typed.ends_with("_total")) return fault("a counter's name ends in _total");
      if (type == "gauge" && typed.ends_with("_total")) return fault("only a counter's name ends in _total");
    } else if (std::regex_match(line, match, kSample)) {
      const std::string name = match[1];
      const bool part = type == "summary" && (name == typed + "_sum" || name == typed + "_count");
      if (name != typed && !part) return fault("samples stand below their metric's TYPE");
      if (!samples.insert(name + match[2].str()).second) return fault("a series has one sample");
    } else {
      return fault("no line of the format");
    }
  }
  if (text.empty() || text.back() != '\n') return "the last line ends with a newline";
  return "";
}

}  // namespace retort::testing

#include "tools/cli/run_against.h"

#include <fmt/format.h>

namespace retort::cli {
namespace {

double TokensPerSecond(const RunReport& report) {
  return report.seconds > 0 ? static_cast<double>(GeneratedTokens(report)) / report.seconds : 0;
}

}  // namespace

std::string AgainstPath(const std::string& output) {
  constexpr std::string_view kEnding = ".jsonl";
  if (!output.ends_with(kEnding)) return output + ".against";
  return output.substr(0, output.size() - kEnding.size()) + ".against.jsonl";
}

double SpeedUp(const RunReport& first, const RunReport& second) {
  const double other = TokensPerSecond(second);
  return other > 0 ? TokensPerSecond(first) / other : 0;
}

std::string DifferencesText(const Comparison& texts) {
  std::string out;
  for (const TextDifference& d : texts.differences) {
    out += fmt::format("  {} differs from byte {}: \"{}\" against \"{}\"\n", d.id, d.byte, d.left, d.right);
  }
  return out;
}

std::string AgainstText(const RunReport& first, const RunReport& second, const Comparison& texts,
                        const std::string& name) {
  std::string out = fmt::format("\nagainst {}\n", name);
  if (SpeedUp(first, second) > 0) {
    out += fmt::format("  {:<24} {:.2f} ({:.1f} over {:.1f} tokens/s)\n", "speed-up", SpeedUp(first, second),
                       TokensPerSecond(first), TokensPerSecond(second));
  }
  out += fmt::format("  {:<24} {} of {}", "identical texts", texts.identical, texts.records);
  if (texts.left_only + texts.right_only > 0) {
    out += fmt::format("; {} only in the first, {} only in the second", texts.left_only, texts.right_only);
  }
  return out + "\n" + DifferencesText(texts);
}

nlohmann::ordered_json TextsJson(const Comparison& texts) {
  nlohmann::ordered_json differences = nlohmann::ordered_json::array();
  for (const TextDifference& d : texts.differences) {
    differences.push_back({{"id", d.id}, {"byte", d.byte}, {"left", d.left}, {"right", d.right}});
  }
  return {{"records", texts.records},
          {"identical", texts.identical},
          {"left_only", texts.left_only},
          {"right_only", texts.right_only},
          {"differences", differences}};
}

}  // namespace retort::cli

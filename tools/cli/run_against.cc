#include "tools/cli/run_against.h"

#include <fmt/format.h>

#include <algorithm>

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

Status CheckRepeatable(const std::string& file, const PipelineDescription& pipeline) {
  for (const StageDescription& stage : pipeline.stages) {
    for (const OptionSpec& option : stage.descriptor->options) {
      const auto value = stage.values.find(option.name);
      if (option.type != RETORT_OPTION_PATH || value == stage.values.end()) continue;
      if (std::get<std::string>(value->second) != "-") continue;
      const bool reads = stage.descriptor->is_source();
      return InvalidArgument(file + ": --against needs files, but stage `" + stage.name + "` " +
                             (reads ? "reads standard input" : "writes standard output") + " (`" + option.name +
                             ": -`); name a file with -s " + (reads ? "input" : "output") + "=...");
    }
  }
  return {};
}

bool IsExact(const PipelineDescription& pipeline) {
  return std::all_of(pipeline.models.begin(), pipeline.models.end(),
                     [](const ModelDescription& model) { return model.config.precision == Precision::kExact; });
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

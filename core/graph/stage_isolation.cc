#include "core/graph/stage_isolation.h"

#include <cmath>

namespace retort {
namespace {

constexpr std::string_view kJsonAlone = "record";

/// Why the stage cannot run apart from the program, or "".
std::string Hindrance(const StageDescription& stage) {
  for (const OptionSpec& option : stage.descriptor->options) {
    const auto value = option.type == RETORT_OPTION_MODEL ? stage.values.find(option.name) : stage.values.end();
    const auto* const model = value == stage.values.end() ? nullptr : std::get_if<std::string>(&value->second);
    if (model != nullptr && !model->empty())
      return "its option `" + option.name + "` names the model `" + *model + "`, and models live in the program's own";
  }
  const auto carries = [](const std::string& port, const std::string& payload) {
    return "`" + port + "` carries `" + payload + "`, and only the JSON of records goes from process to process";
  };
  if (!stage.descriptor->is_source() && stage.input_payload != kJsonAlone)
    return carries(stage.descriptor->inputs[0].name, stage.input_payload);
  for (size_t i = 0; i < stage.output_payloads.size(); ++i) {
    if (stage.output_payloads[i] != kJsonAlone)
      return carries(stage.descriptor->outputs[i].name, stage.output_payloads[i]);
  }
  return "";
}

}  // namespace

void ReadIsolation(const std::string& owner, StageDescription& stage, Diagnostics& diagnostics) {
  const auto isolation = stage.settings.values.find("isolation"), timeout = stage.settings.values.find("timeout");
  if (isolation == stage.settings.values.end() || timeout == stage.settings.values.end()) return;  // reported
  stage.isolated = std::get<std::string>(isolation->second) == "process";
  const double seconds = std::get<double>(timeout->second);
  stage.timeout = std::chrono::milliseconds(std::llround(std::ceil(seconds * 1000)));
  if (!stage.isolated && seconds > 0) {
    diagnostics.Error(Rule::kOptionsTogether, stage.settings.places.at("timeout"),
                      owner + ": `timeout` needs a process that can be killed, and this stage has none of its own",
                      "`isolation: process` beside it, or no `timeout`");
  }
  if (!stage.isolated) return;
  stage.concurrent = false;  // one process, which does one thing at a time
  if (const std::string why = Hindrance(stage); !why.empty()) {
    diagnostics.Error(Rule::kOptionsTogether, stage.settings.places.at("isolation"),
                      owner + ": it cannot run in a process of its own: " + why,
                      "`isolation: none`, or a stage that takes and gives `record` and uses no model");
  }
}

}  // namespace retort

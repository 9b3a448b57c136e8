#include "core/graph/stage_text.h"

#include <cmath>
#include <sstream>

#include "core/graph/option_reader.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kWidth = 100;

/// `text` with line breaks between words, every line after `indent` spaces.
std::string Wrapped(const std::string& text, size_t indent) {
  std::istringstream words(text);
  std::string out, line(indent, ' ');
  for (std::string word; words >> word;) {
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    line += (line.size() > indent ? " " : "") + word;
  }
  return line.size() > indent ? out + line + "\n" : out;
}

std::string DefaultText(const OptionSpec& option) {
  if (option.required) return "required";
  return "default: " + (option.default_value.empty() ? "none" : option.default_value);
}

std::vector<std::string> Traits(const StageDescriptor& stage) {
  std::vector<std::string> traits;
  if ((stage.flags & RETORT_STAGE_CONCURRENT) != 0) traits.push_back("may run on several threads at once");
  if ((stage.flags & RETORT_STAGE_ORDERED) != 0) traits.push_back("takes records in the input's order");
  if ((stage.flags & RETORT_STAGE_BLOCKING) != 0)
    traits.push_back("waits for files or devices, off the compute threads");
  traits.push_back("takes up to " + std::to_string(std::max(1u, stage.default_max_batch)) + " record" +
                   (stage.default_max_batch > 1 ? "s" : "") + " a call");
  return traits;
}

std::string UsageExample(const StageDescriptor& stage) {
  return "name: { uses: " + stage.name + (stage.example.empty() ? "" : ", with: " + stage.example) + " }";
}

Json PortsJson(const std::vector<PortSpec>& ports) {
  Json list = Json::array();
  for (const PortSpec& port : ports)
    list.push_back({{"name", port.name}, {"payload", port.payload}, {"optional", port.optional}, {"text", port.text}});
  return list;
}

std::string PortsText(const char* title, const std::vector<PortSpec>& ports) {
  std::string out = std::string("\n") + title + "\n";
  if (ports.empty()) out += "  none\n";
  for (const PortSpec& port : ports) {
    out += "  " + port.name + "  (" + port.payload + (port.optional ? ", may stay unconnected" : "") + ")\n" +
           Wrapped(port.text, 6);
  }
  return out;
}

std::string PortsMarkdown(const char* title, const std::vector<PortSpec>& ports) {
  std::string out;
  for (const PortSpec& port : ports) {
    out += std::string("- ") + title + " `" + port.name + "` (`" + port.payload + "`" +
           (port.optional ? ", optional" : "") + ")" + (port.text.empty() ? "" : ": " + port.text) + "\n";
  }
  return out;
}

std::string TableCell(std::string text) {
  for (size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar + 2))
    text.replace(bar, 1, "\\|");
  return text;
}

}  // namespace

std::string DescribeStageText(const StageDescriptor& stage) {
  std::string out = stage.name + ": " + stage.summary + "\n\n" + Wrapped(stage.text, 0);
  out += PortsText("INPUT", stage.inputs) + PortsText("OUTPUTS", stage.outputs) + "\nOPTIONS\n";
  if (stage.options.empty()) out += "  none\n";
  for (const OptionSpec& option : stage.options) {
    out += "  " + option.name + "  (" + ExpectedValue(option) + "; " + DefaultText(option) + ")\n" +
           Wrapped(option.text, 6);
    if (!option.example.empty()) out += "      example: " + option.name + ": " + option.example + "\n";
  }
  out += "\nRUNS\n";
  for (const std::string& trait : Traits(stage)) out += "  " + trait + "\n";
  return out + "\nEXAMPLE\n  " + UsageExample(stage) + "\n";
}

std::string OptionsMarkdown(const std::vector<OptionSpec>& options) {
  std::string out = "| option | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const OptionSpec& option : options) {
    const std::string standard = option.required                ? "required"
                                 : option.default_value.empty() ? ""
                                                                : "`" + option.default_value + "`";
    out += "| `" + option.name + "` | " + TableCell(ExpectedValue(option)) + " | " + TableCell(standard) + " | " +
           TableCell(option.text) + " |\n";
  }
  return out;
}

std::string DescribeStageMarkdown(const StageDescriptor& stage, int level) {
  const std::string title = std::string(static_cast<size_t>(level), '#') + " ", part = "#" + title;
  std::string out = title + stage.name + "\n\n" + stage.summary + "\n\n";
  if (!stage.text.empty()) out += stage.text + "\n\n";
  out += part + "Ports\n\n" + PortsMarkdown("input", stage.inputs) + PortsMarkdown("output", stage.outputs) + "\n" +
         part + "Options\n\n";
  out += stage.options.empty() ? "None.\n" : OptionsMarkdown(stage.options);
  out += "\n" + part + "Runs\n\n";
  for (const std::string& trait : Traits(stage)) out += "- " + trait + "\n";
  return out + "\n" + part + "Example\n\n```yaml\n" + UsageExample(stage) + "\n```\n";
}

nlohmann::ordered_json DescribeStageJson(const StageDescriptor& stage) {
  Json options = Json::array();
  for (const OptionSpec& option : stage.options) {
    Json entry = {{"name", option.name},         {"value", ExpectedValue(option)},
                  {"required", option.required}, {"default", option.default_value},
                  {"unit", option.unit},         {"text", option.text},
                  {"example", option.example}};
    entry["minimum"] = std::isnan(option.minimum) ? Json() : Json(option.minimum);
    entry["maximum"] = std::isnan(option.maximum) ? Json() : Json(option.maximum);
    entry["choices"] = option.choices;
    options.push_back(std::move(entry));
  }
  return {{"name", stage.name},
          {"summary", stage.summary},
          {"text", stage.text},
          {"inputs", PortsJson(stage.inputs)},
          {"outputs", PortsJson(stage.outputs)},
          {"options", options},
          {"runs", Traits(stage)},
          {"max_batch", std::max(1u, stage.default_max_batch)},
          {"example", UsageExample(stage)},
          {"plugin", stage.plugin_path}};
}

}  // namespace retort

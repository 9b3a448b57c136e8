// What a stage says of itself, as deep C++ copies of the descriptors that cross the plugin ABI.
// Checked once when a plugin is loaded; lint, plan, describe, schema and docs read these and nothing else.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "retort/plugin.h"
#include "retort/status.h"

namespace retort {

class Model;

struct OptionSpec {
  retort_option_type type = RETORT_OPTION_STRING;
  std::string name;           // snake_case, as in YAML
  std::string text;           // one or two sentences
  std::string unit;           // may be empty
  std::string default_value;  // as written in YAML; unused where required
  std::string example;        // as written in YAML; may be empty
  bool required = false;
  double minimum = std::numeric_limits<double>::quiet_NaN();  // INT and FLOAT, inclusive; NaN: no bound
  double maximum = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> choices;  // ENUM
};

struct PortSpec {
  std::string name;
  std::string payload;
  std::string text;
  bool optional = false;
};

struct StageDescriptor {
  std::string name;              // kebab-case, as in `uses:`
  std::string summary;           // one line
  std::string text;              // Markdown paragraphs
  std::string example;           // a YAML value for `with:`
  std::vector<PortSpec> inputs;  // none (a source) or one
  std::vector<PortSpec> outputs;
  std::vector<OptionSpec> options;
  uint32_t flags = 0;  // RETORT_STAGE_*
  uint32_t default_max_batch = 1;
  std::string plugin_path;
  retort_stage_functions functions = {};  // those the plugin did not give are null
  void* user_data = nullptr;              // the plugin's own

  bool is_source() const { return inputs.empty(); }
  /// The option of this name, or null.
  const OptionSpec* FindOption(std::string_view option) const;
};

/// A checked value of an option. ENUM, PATH and MODEL (the model's name) are strings.
using OptionValue = std::variant<bool, int64_t, double, std::string, std::vector<std::string>>;

/// What a stage is created from: a value for every option of its descriptor, and the models that its options name.
struct StageConfig {
  std::string stage_name;
  std::map<std::string, OptionValue> values;
  std::map<std::string, std::shared_ptr<Model>> models;  // by name under `models:`
  bool repeatable = false;                               // the run is to be the same each time
};

/// Copy a descriptor out of a plugin. The plugin is not trusted: sizes, null pointers, names, ports, options, defaults
/// and functions are checked. Errors: kInvalidArgument naming the stage, the member and the fault.
Result<StageDescriptor> CopyDescriptor(const retort_stage_spec* spec, std::string plugin_path);

}  // namespace retort

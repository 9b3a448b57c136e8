// A stage's descriptor as text for people: `retort describe`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/plugin/descriptor.h"

namespace retort {

/// For a terminal: ports, options with type, range, default and text, and an example.
std::string DescribeStageText(const StageDescriptor& stage);
/// The same as a Markdown section, its heading of this level.
std::string DescribeStageMarkdown(const StageDescriptor& stage, int level = 1);
/// A table of options: name, value, default, meaning.
std::string OptionsMarkdown(const std::vector<OptionSpec>& options);
nlohmann::ordered_json DescribeStageJson(const StageDescriptor& stage);

}  // namespace retort

// The files under tools/cli/scaffold/plugin, which are in the binary.
#pragma once

#include <string_view>
#include <vector>

namespace retort::cli {

struct TemplateFile {
  std::string_view path;  // under the folder: GROUP/path in the project
  std::string_view text;
};

const std::vector<TemplateFile>& PluginTemplates();

}  // namespace retort::cli

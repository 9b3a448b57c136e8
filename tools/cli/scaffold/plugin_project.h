// A plugin's project made from templates: a stage, its test, a pipeline that uses it, a script for CI.
#pragma once

#include <string>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

enum class PluginLanguage { kCpp, kC };

/// A stage's name as the files write it.
struct ProjectNames {
  std::string kebab;  // in pipelines: word-count
  std::string snake;  // of files and targets: word_count
  std::string camel;  // of classes: WordCount
};

/// Errors: kInvalidArgument for a name that is not kebab-case, or that CMake keeps for itself.
Result<ProjectNames> NamesOfProject(const std::string& name);

/// Write the project into `folder`, which must not exist or be empty: all of it or nothing. Gives the paths written,
/// from `folder`. Errors: kAlreadyExists; kInvalidArgument where the system refuses, with its reason.
Result<std::vector<std::string>> WritePluginProject(const ProjectNames& names, PluginLanguage language,
                                                    const std::string& folder);

}  // namespace retort::cli

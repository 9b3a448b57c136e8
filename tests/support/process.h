// Runs the retort binary as a user would: a process with arguments, input and files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace retort::testing {

struct Finished {
  int exit_code = -1;  // 128 + signal where one ended it
  std::string out, err;
};

/// Run the built `retort` with `arguments` in `folder` (empty: here) and wait. `input` is its stdin.
Finished RunRetort(const std::vector<std::string>& arguments, const std::string& input = "",
                   const std::string& folder = "", const std::map<std::string, std::string>& environment = {});

/// A shell command; `$RETORT` is the binary.
Finished RunShell(const std::string& command, const std::string& folder = "");

/// The root of the source tree.
std::string SourceFolder();

}  // namespace retort::testing

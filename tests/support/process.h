// Runs the retort binary as a user would: a process with arguments, input and files.
#pragma once

#include <map>
#include <string>
#include <vector>

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

/// All of a file; empty where there is none.
std::string ReadFile(const std::string& path);

/// The root of the source tree.
std::string SourceFolder();

/// A fresh folder that lives as long as this.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const;
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace retort::testing

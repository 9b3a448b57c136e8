// Folders for tests that are removed afterwards, so that cases run side by side, and files in them.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace retort::testing {

/// All of a file; empty where there is none.
inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A fresh folder that lives as long as this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "retort-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    // A forked child (a death test) leaves its parent's folder alone.
    std::error_code error;
    if (getpid() == owner_) std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Write a file; returns its path.
  std::string Write(const std::string& name, const std::string& text) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string Read(const std::string& name) const { return ReadFile(path_ + "/" + name); }

 private:
  std::string path_;
  pid_t owner_ = getpid();
};

/// A path in a folder of this test process's own.
inline std::string TempPath(const std::string& name) {
  static const TemporaryFolder folder;
  return folder.path() + "/" + name;
}

}  // namespace retort::testing

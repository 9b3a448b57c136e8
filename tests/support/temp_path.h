// A path in a folder of this test process's own, removed when it ends: cases run side by side.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace retort::testing {

inline std::string TempPath(const std::string& name) {
  struct Folder {
    Folder() {
      std::string pattern = (std::filesystem::temp_directory_path() / "retort-test-XXXXXX").string();
      if (mkdtemp(pattern.data()) == nullptr) std::abort();
      path = pattern;
    }
    ~Folder() {
      // A forked child (a death test) leaves its parent's folder alone.
      std::error_code error;
      if (getpid() == owner) std::filesystem::remove_all(path, error);
    }
    std::filesystem::path path;
    pid_t owner = getpid();
  };
  static const Folder folder;
  return (folder.path / name).string();
}

}  // namespace retort::testing

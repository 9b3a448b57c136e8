#include "tools/cli/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace retort::cli {

Result<ScratchFolder> ScratchFolder::Create(const std::string& prefix) {
  std::error_code error;
  std::string pattern = (std::filesystem::temp_directory_path(error) / (prefix + "-XXXXXX")).string();
  if (error || mkdtemp(pattern.data()) == nullptr) {
    return ResourceExhausted("no temporary folder: " + std::string(error ? error.message() : std::strerror(errno)) +
                             "; set TMPDIR to one that this user may write");
  }
  return ScratchFolder(std::move(pattern));
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
}

}  // namespace retort::cli

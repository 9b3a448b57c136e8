#include "core/base/text_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace retort {

Result<std::ifstream> OpenToRead(const std::string& path, std::string_view expected) {
  std::error_code unknown;
  const bool folder = std::filesystem::is_directory(path, unknown);
  errno = 0;
  std::ifstream file;
  if (!folder) file.open(path, std::ios::binary);
  if (!folder && file) return file;
  const int reason = folder ? EISDIR : errno != 0 ? errno : EIO;
  return NotFound(path + ": cannot be read: " + std::generic_category().message(reason) + "; expected " +
                  std::string(expected));
}

}  // namespace retort

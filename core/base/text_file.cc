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

Result<std::string> ReadBytes(const std::string& path, std::string_view expected, size_t most) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream file, OpenToRead(path, expected));
  std::string bytes;
  char part[1 << 14];
  // Not by iterators of the stream: these throw where reading fails.
  for (bool more = true; more && bytes.size() <= most;) {
    more = static_cast<bool>(file.read(part, sizeof part));
    bytes.append(part, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return DataLoss(path + ": reading failed");
  if (bytes.size() <= most) return bytes;
  return InvalidArgument(path + ": expected " + std::string(expected) + " of " + std::to_string(most) +
                         " bytes at most, got more");
}

}  // namespace retort

#include "core/model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace retort {

Result<MappedFile> MappedFile::Open(const std::string& path, const std::string& kind) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a named pipe must not block
  if (fd < 0) return NotFound(path + ": cannot be opened: " + std::generic_category().message(errno));
  struct stat info = {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
    close(fd);
    return InvalidArgument(path + ": expected " + kind + ", got " +
                           (S_ISREG(info.st_mode) ? "an empty file" : "something that is no file"));
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* const mapping = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (mapping == MAP_FAILED)
    return ResourceExhausted(path + ": cannot be mapped: " + std::generic_category().message(errno));
  MappedFile file;
  file.bytes_ = {static_cast<const std::byte*>(mapping), size};
  return file;
}

void MappedFile::Forget(const std::byte* data, size_t bytes) const {
  const auto first = reinterpret_cast<uintptr_t>(bytes_.data());
  const auto at = reinterpret_cast<uintptr_t>(data);
  if (at < first || at >= first + bytes_.size()) return;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // Whole pages; what a neighbour has on the first and the last comes back when it is read.
  const uintptr_t begin = at / page * page;
  const uintptr_t end = std::min(at + bytes, first + bytes_.size());
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace retort

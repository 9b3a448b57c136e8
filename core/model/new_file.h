// A file that appears under its name only once it is whole: written to a temporary beside it, then renamed.
// For one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

class NewFile {
 public:
  /// Begin a file of `bytes` bytes, room for which is taken at once where the file system can. `replace`: an older file
  /// of this name may go. Errors: kAlreadyExists; kInvalidArgument where `path` is no place for a file or
  /// none that may be written; kResourceExhausted where the disk has not the room.
  static Result<std::unique_ptr<NewFile>> Create(const std::string& path, size_t bytes, bool replace);
  /// Without a Commit before, nothing is left of the file.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  size_t written() const { return written_; }
  /// Errors: kResourceExhausted.
  Status Append(std::string_view bytes);
  /// Append zeros up to this size.
  Status FillUpTo(size_t size);
  /// Bring it to the disk and give it its name. Errors: kResourceExhausted; kAlreadyExists where a file of this name
  /// came about meanwhile and must not be replaced.
  Status Commit();

 private:
  NewFile(std::string path, bool replace);
  Status Failed(const char* what) const;

  const std::string path_, temporary_;
  const bool replace_;
  int fd_ = -1;
  size_t written_ = 0;
};

}  // namespace retort

// A file mapped into memory for reading. Movable; thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "retort/status.h"

namespace retort {

class MappedFile {
 public:
  MappedFile() = default;
  /// `kind` ends the message's "expected": "a GGUF file".
  /// Errors: kNotFound (cannot be opened), kInvalidArgument (empty, or no file), kResourceExhausted (cannot be mapped).
  static Result<MappedFile> Open(const std::string& path, const std::string& kind);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Let go of the memory that holds this part of the file; read again, it comes from the file again. Parts that lie
  /// elsewhere are left alone.
  void Forget(const std::byte* data, size_t bytes) const;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace retort

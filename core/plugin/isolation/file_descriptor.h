// A file descriptor of the system's that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace retort {

class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  void Close() { FileDescriptor(std::move(*this)); }

 private:
  int number_;
};

}  // namespace retort

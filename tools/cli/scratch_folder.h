// A temporary folder that goes with the object.
#pragma once

#include <string>
#include <utility>

#include "retort/status.h"

namespace retort::cli {

class ScratchFolder {
 public:
  /// A new one, whose name begins with `prefix`. Errors: kResourceExhausted, with what to do.
  static Result<ScratchFolder> Create(const std::string& prefix);
  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace retort::cli

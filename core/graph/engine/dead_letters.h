// The dead-letter file: one JSON object a line for each record that failed, with all that is needed to try it again:
// {"id", "line", "stage", "code", "message", "record"}. Each batch of failures is flushed to the system as it comes.
#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "core/plugin/record.h"
#include "retort/status.h"

namespace retort {

struct Failure {
  Record* record = nullptr;
  std::string stage;
  Status why;
};

class DeadLetters {
 public:
  /// An empty path drops what is written. An existing file is replaced; where nothing was written the file is removed
  /// in the end, so that it exists only after failures. Errors: kInvalidArgument with the system's reason.
  static Result<DeadLetters> Open(const std::string& path);

  bool enabled() const { return file_ != nullptr; }

  /// One thread at a time. Errors: kResourceExhausted with the system's reason; some of the lines may be in the file.
  Status Write(std::span<const Failure> failures);

 private:
  struct Close {
    std::string path;
    void operator()(std::FILE* file) const;
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace retort

// The dead-letter file: one JSON object a line for each record that failed, with all that is needed to try it again:
// {"id", "line", "stage", "code", "message", "record"}, and "line_text" where the line is no record. Each batch of
// failures is flushed to the system as it comes.
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

/// A regular file grows as `PATH.part` and takes its name at Publish, so that the letters of an earlier run stay until
/// there is something to put in their place.
class DeadLetters {
 public:
  /// See that the path can be written. An empty path drops what is written; a device or pipe is written in place.
  /// Errors: kInvalidArgument with the system's reason.
  static Result<DeadLetters> Open(const std::string& path);

  bool enabled() const { return file_ != nullptr; }

  /// One thread at a time. Errors: kResourceExhausted with the system's reason; some of the lines may be in the file.
  Status Write(std::span<const Failure> failures);

  /// Give the file its name. Where nothing was written, none is left: not that of an earlier run either, if this one
  /// went to its end. Errors: kInvalidArgument with the system's reason; the letters are then in PATH.part.
  Status Publish(bool run_ended);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_, target_;  // target_ is what is written to
  bool written_ = false;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace retort

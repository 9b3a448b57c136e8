// By what `retort top` finds the runs of this user: a small file a run, in $XDG_RUNTIME_DIR/retort or, where that is
// no folder, in retort-UID of the temporary one, which no other user can read or write.
#pragma once

#include <string>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

struct RunningPipeline {
  int pid = 0;
  std::string pipeline;  // the file, as it was given
  std::string endpoint;  // HOST:PORT of its metrics
};

/// The file of this run, from Write to the end of the scope. The process holds a lock on it, by which a file that a
/// killed run has left is told apart.
class RunFile {
 public:
  /// Errors: kNotFound where it cannot be written, kUnsupported for a folder of somebody else.
  static Result<RunFile> Write(const RunningPipeline& run);
  ~RunFile();
  RunFile(RunFile&& other) noexcept;
  RunFile& operator=(RunFile&&) = delete;

 private:
  RunFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
};

/// The runs that are on, by process number. Files that killed runs have left are removed.
std::vector<RunningPipeline> FindRuns();

}  // namespace retort::cli

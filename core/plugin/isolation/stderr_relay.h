// What the process of a stage writes to its standard error, passed on line by line with the stage's name before it.
#pragma once

#include <string>
#include <string_view>
#include <thread>

#include "core/plugin/isolation/file_descriptor.h"
#include "core/plugin/output_tail.h"

namespace retort {

class StderrRelay {
 public:
  /// Reads `pipe` on a thread of its own until every writer has closed it, or Finish, which tells it by `wake`, an
  /// eventfd.
  StderrRelay(FileDescriptor pipe, FileDescriptor wake, std::string_view stage);
  ~StderrRelay();
  StderrRelay(const StderrRelay&) = delete;
  StderrRelay& operator=(const StderrRelay&) = delete;

  /// Pass on what has been written so far and end. What OutputTail says of the last 4 KiB.
  std::string Finish();

 private:
  void Loop();
  void Relay(std::string_view bytes);

  const FileDescriptor pipe_, wake_;
  const std::string prefix_;
  std::string line_;  // begun, and not ended yet
  OutputTail tail_;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace retort

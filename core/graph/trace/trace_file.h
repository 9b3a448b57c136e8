// Trace events as a file that ui.perfetto.dev and chrome://tracing read: the JSON array of the Trace Event Format
// (Google, "Trace Event Format", 2016). A process a stage, in it a track a thread with a slice a call and a counter of
// waiting records; a process of the run with the counter of records in flight. An array that is cut off in the middle,
// as by a crash, is still read.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/trace/trace_recorder.h"
#include "retort/status.h"

namespace retort {

class TraceFile {
 public:
  /// Replaces `path`. `stages`: their names, in the pipeline's order. Errors: kNotFound where it cannot be written.
  static Result<TraceFile> Open(const std::string& path, const std::string& pipeline,
                                const std::vector<std::string>& stages);

  /// Append events, which are in order of time. A failure shows in Close; nothing more is written then.
  void Write(std::span<const TraceEvent> events);
  /// End the array. `left_out`: calls that are missing. Errors: kResourceExhausted where something was not written.
  Status Close(uint64_t left_out);

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  TraceFile(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  void NameProcesses(const std::string& pipeline, const std::vector<std::string>& stages);
  void Format(const TraceEvent& event);
  void Flush();

  File file_;
  std::string path_;
  std::vector<std::string> names_;                  // of stages, as JSON
  std::set<std::pair<uint32_t, uint32_t>> tracks_;  // (stage, thread) that have a name
  fmt::memory_buffer text_;                         // not written yet
  int error_ = 0;                                   // the system's, the first one
};

}  // namespace retort

// The trace of a run: a recorder for its stages and a thread that writes down what they record, with the queues, in
// `--trace FILE`.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/graph/run.h"
#include "core/graph/trace/trace_file.h"
#include "core/graph/trace/trace_recorder.h"

namespace retort::cli {

class RunTrace {
 public:
  /// Replaces the file. Errors: those of TraceFile::Open.
  static Result<std::unique_ptr<RunTrace>> Open(const std::string& path, const PipelineDescription& pipeline);
  ~RunTrace();

  /// For RunProbes::trace.
  TraceRecorder& recorder() { return recorder_; }
  /// Begin to look at the queues of `run`, which must be on until End, and to write.
  void Begin(const PipelineRun& run);
  /// The run has ended. Errors: those of TraceFile::Close.
  Status End();
  /// Calls that came faster than they could be written.
  uint64_t left_out() const { return recorder_.left_out(); }

 private:
  explicit RunTrace(TraceFile file) : file_(std::move(file)) {}
  void Loop();
  void Stop();
  /// Record what has changed since the last time.
  void LookAtQueues();
  void WriteDown();

  TraceRecorder recorder_;
  TraceFile file_;
  const PipelineRun* run_ = nullptr;
  std::vector<TraceEvent> events_;
  std::vector<std::optional<uint64_t>> waiting_;  // as it was recorded
  std::optional<uint64_t> in_flight_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace retort::cli

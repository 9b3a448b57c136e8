// The progress of a run on stderr. A thread of its own; ended by the destructor.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/graph/run.h"

namespace retort::cli {

class RunProgress {
 public:
  /// `run` must outlive this.
  explicit RunProgress(const PipelineRun& run);
  ~RunProgress();

 private:
  void Loop();

  const PipelineRun& run_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace retort::cli

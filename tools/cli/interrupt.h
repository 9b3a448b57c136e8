// Ctrl-C while a pipeline runs.
#pragma once

#include <csignal>

#include "core/graph/run.h"

namespace retort::cli {

/// While it lives, Ctrl-C (and SIGTERM) drains `run` the first time and stops it the second; the third, for a stage
/// that never returns, ends the process. One at a time.
class InterruptScope {
 public:
  explicit InterruptScope(PipelineRun& run);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  static void Handle(int);
  static inline PipelineRun* volatile active_ = nullptr;
  static inline volatile std::sig_atomic_t count_ = 0;
  struct sigaction old_interrupt_ = {}, old_terminate_ = {};
};

}  // namespace retort::cli

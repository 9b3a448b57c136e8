// Ctrl-C while a pipeline runs.
#pragma once

#include <csignal>

#include <atomic>
#include <thread>

#include "core/graph/run.h"

namespace retort::cli {

/// While it lives, Ctrl-C (and SIGTERM) drains `run` the first time and stops it the second; the third, for a stage
/// that never returns, ends the process. Unless `quiet`, each says what it does on stderr. One at a time.
///
/// A thread of its own waits for the signals, so what is done about them need not be async-signal-safe. This thread,
/// and those begun while the scope lives, block them; a thread older than that hands what it gets on to the waiting
/// one.
class InterruptScope {
 public:
  InterruptScope(PipelineRun& run, bool quiet);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  void Wait(const sigset_t& signals);

  PipelineRun& run_;
  const bool quiet_;
  std::atomic<bool> ended_ = false;
  sigset_t old_mask_ = {};
  struct sigaction old_interrupt_ = {}, old_terminate_ = {};
  std::thread waiter_;
};

}  // namespace retort::cli

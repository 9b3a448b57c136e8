#include "tools/cli/interrupt.h"

#include <pthread.h>

#include "tools/cli/output.h"

namespace retort::cli {
namespace {

std::atomic<pthread_t> waiter;
static_assert(std::atomic<pthread_t>::is_always_lock_free, "a signal handler reads it");

void HandOn(int signal) { pthread_kill(waiter.load(), signal); }

}  // namespace

InterruptScope::InterruptScope(PipelineRun& run, bool quiet) : run_(run), quiet_(quiet) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &old_mask_);
  waiter_ = std::thread([this, signals] { Wait(signals); });
  waiter = waiter_.native_handle();
  struct sigaction action = {};
  action.sa_handler = &HandOn;
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  ended_ = true;
  pthread_kill(waiter_.native_handle(), SIGTERM);
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

void InterruptScope::Wait(const sigset_t& signals) {
  for (int count = 1;; ++count) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (ended_) return;
    if (count == 1) {
      run_.Drain();
      if (!quiet_) PrintError("\nInterrupted: finishing the records that were begun; once more to stop now.\n");
    } else if (count == 2) {
      run_.StopNow();
      if (!quiet_) PrintError("\nStopping when the calls that run return; once more to end the process.\n");
    } else {
      std::signal(signal, SIG_DFL);
      pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
      raise(signal);
    }
  }
}

}  // namespace retort::cli

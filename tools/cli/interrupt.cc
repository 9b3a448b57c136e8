#include "tools/cli/interrupt.h"

namespace retort::cli {

InterruptScope::InterruptScope(PipelineRun& run) {
  active_ = &run;
  count_ = 0;
  struct sigaction action = {};
  action.sa_handler = &InterruptScope::Handle;
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  active_ = nullptr;
}

void InterruptScope::Handle(int) {
  PipelineRun* const run = active_;
  if (run == nullptr) return;
  count_ = count_ + 1;
  if (count_ == 1) {
    run->Drain();
  } else {
    run->StopNow();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }
}

}  // namespace retort::cli

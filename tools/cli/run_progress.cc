#include "tools/cli/run_progress.h"

#include "tools/cli/live/progress_text.h"
#include "tools/cli/progress_line.h"

namespace retort::cli {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Tokens a second, over the last second or more: over less it jumps about.
class TokenRate {
 public:
  double Update(uint64_t tokens, Clock::time_point now) {
    const double seconds = SecondsBetween(last_, now);
    if (seconds < 1 && rate_ > 0) return rate_;
    rate_ = static_cast<double>(tokens - tokens_) / seconds;
    last_ = now;
    tokens_ = tokens;
    return rate_;
  }

 private:
  Clock::time_point last_ = Clock::now();
  uint64_t tokens_ = 0;
  double rate_ = 0;
};

}  // namespace

RunProgress::RunProgress(const PipelineRun& run) : run_(run), thread_([this] { Loop(); }) {}

RunProgress::~RunProgress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void RunProgress::Loop() {
  ProgressLine line;
  TokenRate rate;
  const Clock::time_point start = Clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, line.period(), [this] { return ended_; })) {
    const RunView view = run_.view();
    const Clock::time_point now = Clock::now();
    line.Show(ProgressParts(view, {SecondsBetween(start, now), rate.Update(view.tokens, now), line.terminal()}));
  }
}

}  // namespace retort::cli

#include "tools/cli/run_progress.h"

#include <fmt/format.h>

#include "tools/cli/output.h"

namespace retort::cli {

using Clock = std::chrono::steady_clock;

RunProgress::RunProgress(const PipelineRun& run)
    : run_(run), terminal_(ErrorIsTerminal()), thread_([this] { Loop(); }) {}

RunProgress::~RunProgress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (terminal_) PrintError("\r\033[K");
}

void RunProgress::Loop() {
  const auto period = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000);
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  uint64_t last_tokens = 0;
  double rate = 0;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, period, [this] { return ended_; })) {
    const PipelineRun::Progress now = run_.progress();
    const Clock::time_point time = Clock::now();
    const double seconds = std::chrono::duration<double>(time - last).count();
    if (seconds >= 1 || rate == 0) {  // a rate over less than a second jumps about
      rate = static_cast<double>(now.tokens - last_tokens) / seconds;
      last = time;
      last_tokens = now.tokens;
    }
    const uint64_t ended = now.records.completed + now.records.failed + now.records.skipped;
    std::string line =
        fmt::format("{} of {} records read are done, {} failed", ended, now.records.admitted, now.records.failed);
    if (now.records.not_begun > 0) line += fmt::format(", {} let go before they were begun", now.records.not_begun);
    if (now.tokens > 0) line += fmt::format(", {} tokens, {:.1f} tokens/s", now.tokens, rate);
    line += fmt::format(", {:.0f} s", std::chrono::duration<double>(time - start).count());
    PrintError(terminal_ ? "\r\033[K" + line : line + "\n");
  }
}

}  // namespace retort::cli

#include "tools/cli/progress_line.h"

#include "tools/cli/output.h"

namespace retort::cli {

using Clock = std::chrono::steady_clock;

ProgressLine::ProgressLine() : terminal_(ErrorIsTerminal()), last_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (terminal_ && shown_) PrintError("\r\033[K");
}

bool ProgressLine::Due() const {
  return Clock::now() - last_ >= (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000));
}

void ProgressLine::Show(const std::string& text) {
  PrintError(terminal_ ? "\r\033[K" + text : text + "\n");
  shown_ = true;
  last_ = Clock::now();
}

}  // namespace retort::cli

#include "tools/cli/progress_line.h"

#include <unistd.h>

#include "tools/cli/live/terminal.h"
#include "tools/cli/output.h"

namespace retort::cli {

using Clock = std::chrono::steady_clock;

ProgressLine::ProgressLine() : terminal_(TerminalColumns(STDERR_FILENO) > 0), last_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (terminal_ && shown_) PrintError("\r\033[K");
}

std::chrono::milliseconds ProgressLine::period() const { return std::chrono::milliseconds(terminal_ ? 200 : 10000); }

bool ProgressLine::Due() const { return Clock::now() - last_ >= period(); }

void ProgressLine::Show(const std::vector<std::string>& parts) {
  // A line as wide as the terminal would move the cursor to the next one. The width is asked for each time: it changes.
  const int columns = terminal_ ? TerminalColumns(STDERR_FILENO) - 1 : 0;
  const std::string text = JoinToColumns(parts, columns);
  PrintError(terminal_ ? "\r\033[K" + text : text + "\n");
  shown_ = true;
  last_ = Clock::now();
}

}  // namespace retort::cli

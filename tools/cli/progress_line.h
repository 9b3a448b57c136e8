// How far a long command is, on stderr: one line rewritten some times a second on a terminal, a line every ten seconds
// elsewhere. For one thread.
#pragma once

#include <chrono>
#include <string>

namespace retort::cli {

class ProgressLine {
 public:
  ProgressLine();
  /// Removes the line from a terminal.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether the time has come for another line.
  bool Due() const;
  void Show(const std::string& text);

 private:
  const bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace retort::cli

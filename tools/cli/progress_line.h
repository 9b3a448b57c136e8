// How far a long command is, on stderr: one line rewritten some times a second on a terminal and never wider than it,
// a line every ten seconds elsewhere. For one thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace retort::cli {

class ProgressLine {
 public:
  ProgressLine();
  /// Removes the line from a terminal.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool terminal() const { return terminal_; }
  /// The time from one line to the next.
  std::chrono::milliseconds period() const;
  /// Whether the time has come for another line.
  bool Due() const;
  void Show(const std::string& text) { Show(std::vector<std::string>{text}); }
  /// The most important parts first: where not all fit, the last ones are left out.
  void Show(const std::vector<std::string>& parts);

 private:
  const bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace retort::cli

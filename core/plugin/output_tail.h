// What a child process wrote, and how it ended, for messages about it.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace retort {

/// Keeps the end of a text.
class OutputTail {
 public:
  explicit OutputTail(size_t kept) : kept_(kept) {}

  void Append(std::string_view bytes) {
    text_.append(bytes);
    if (text_.size() > 2 * kept_) text_.erase(0, text_.size() - kept_);
  }

  /// "; it wrote: ..." on one line, or "".
  std::string Report() const {
    std::string end = text_.size() > kept_ ? text_.substr(text_.size() - kept_) : text_;
    while (!end.empty() && end.back() == '\n') end.pop_back();
    for (char& c : end) c = static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F ? ' ' : c;
    return end.empty() ? "" : "; it wrote: " + end;
  }

 private:
  const size_t kept_;
  std::string text_;
};

/// "signal 11 (Segmentation fault)".
inline std::string SignalText(int signal) {
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

}  // namespace retort

// Lines of a file or of a pipe, as they come.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "retort/status.h"

namespace retort::read_jsonl {

/// Reads a file descriptor line by line, and never waits for more than it is told to: a pipe may be slow or silent.
class LineReader {
 public:
  enum class Got { kLine, kNothingYet, kEnd };

  /// `path` or, for `-`, standard input. Of a longer line at most `max_line_bytes` are kept.
  static Result<std::unique_ptr<LineReader>> Open(const std::string& path, size_t max_line_bytes);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Read on to the end of a line. kLine: line() and too_long() are those of a whole line (the last one may lack its
  /// end); kNothingYet: none came in `patience`, and what came of one is kept; DataLoss: reading failed.
  Result<Got> Next(std::chrono::milliseconds patience);

  /// Without its end; valid until Next.
  const std::string& line() const { return line_; }
  bool too_long() const { return too_long_; }

  /// Bytes from where the reader began to the end of the file. nullopt: a pipe or a terminal, say.
  std::optional<uint64_t> size() const { return size_; }
  /// Of these, the bytes of the lines so far.
  uint64_t bytes_taken() const { return bytes_taken_; }

 private:
  LineReader(int fd, size_t max_line_bytes, std::optional<uint64_t> size);
  /// Take from the buffer up to the end of a line; true where it was there.
  bool TakeLine();

  const int fd_;
  const size_t max_line_bytes_;
  const std::optional<uint64_t> size_;
  uint64_t bytes_taken_ = 0;
  std::string buffer_, line_;
  size_t begin_ = 0, end_ = 0;  // what of buffer_ is not taken yet
  bool within_line_ = false, too_long_ = false;
};

}  // namespace retort::read_jsonl

#include "line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace retort::read_jsonl {

LineReader::LineReader(int fd, size_t max_line_bytes, std::optional<uint64_t> size)
    : fd_(fd), max_line_bytes_(max_line_bytes), size_(size), buffer_(size_t{64} << 10, '\0') {}

LineReader::~LineReader() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

Result<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path, size_t max_line_bytes) {
  const int fd = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NotFound(path + ": cannot be read: " + std::strerror(errno));
  struct stat about = {};
  if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
    close(fd);
    return InvalidArgument(path + ": expected a file, got a folder");
  }
  std::optional<uint64_t> size;
  if (S_ISREG(about.st_mode)) size = about.st_size - std::clamp<off_t>(lseek(fd, 0, SEEK_CUR), 0, about.st_size);
  return std::unique_ptr<LineReader>(new LineReader(fd, max_line_bytes, size));
}

Result<LineReader::Got> LineReader::Next(std::chrono::milliseconds patience) {
  if (!within_line_) {
    line_.clear();
    too_long_ = false;
  }
  while (!TakeLine()) {
    pollfd waiting = {fd_, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(patience.count()));
    if (ready == 0) return Got::kNothingYet;
    const ssize_t got = ready < 0 ? -1 : read(fd_, buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Got::kNothingYet;
    if (got < 0) return DataLoss(std::strerror(errno));
    if (got == 0) {
      if (!within_line_) return Got::kEnd;
      within_line_ = false;
      break;
    }
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  return Got::kLine;
}

bool LineReader::TakeLine() {
  if (begin_ == end_) return false;
  const char* const from = buffer_.data() + begin_;
  const void* const newline = std::memchr(from, '\n', end_ - begin_);
  const size_t length = newline != nullptr ? static_cast<const char*>(newline) - from : end_ - begin_;
  const size_t kept = std::min(length, max_line_bytes_ - line_.size());
  line_.append(from, kept);
  if (kept < length) too_long_ = true;
  const size_t taken = length + (newline != nullptr ? 1 : 0);
  begin_ += taken;
  bytes_taken_ += taken;
  within_line_ = newline == nullptr;
  return newline != nullptr;
}

}  // namespace retort::read_jsonl

#include "core/plugin/isolation/stderr_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "core/base/secrets.h"

namespace retort {
namespace {

constexpr size_t kKeptOutput = 4096;
constexpr size_t kLongestLine = size_t{64} << 10;  // longer ones are passed on in pieces

void WriteToStderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // nobody is there to read it
    text.remove_prefix(static_cast<size_t>(count));
  }
}

}  // namespace

StderrRelay::StderrRelay(FileDescriptor pipe, FileDescriptor wake, std::string_view stage)
    : pipe_(std::move(pipe)),
      wake_(std::move(wake)),
      prefix_("stage '" + std::string(stage) + "': "),
      tail_(kKeptOutput) {
  fcntl(pipe_.number(), F_SETFL, fcntl(pipe_.number(), F_GETFL) | O_NONBLOCK);
  thread_ = std::thread([this] { Loop(); });
}

StderrRelay::~StderrRelay() { Finish(); }

std::string StderrRelay::Finish() {
  const uint64_t one = 1;
  if (thread_.joinable() && write(wake_.number(), &one, sizeof one) == sizeof one) thread_.join();
  return tail_.Report();
}

void StderrRelay::Loop() {
  bool ending = false;
  for (;;) {
    char buffer[4096];
    const ssize_t count = read(pipe_.number(), buffer, sizeof buffer);
    if (count > 0) {
      Relay({buffer, static_cast<size_t>(count)});
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR) || ending) {
      break;
    } else {
      pollfd waits[] = {{pipe_.number(), POLLIN, 0}, {wake_.number(), POLLIN, 0}};
      poll(waits, 2, -1);
      ending = (waits[1].revents & POLLIN) != 0;
    }
  }
  if (!line_.empty()) Relay("\n");
}

void StderrRelay::Relay(std::string_view bytes) {
  tail_.Append(bytes);
  line_.append(bytes);
  std::string lines;
  for (;;) {
    const size_t end = line_.find('\n');
    if (end == line_.npos && line_.size() < kLongestLine) break;
    const size_t length = end == line_.npos ? line_.size() : end;
    lines += prefix_ + Redacted(std::string_view(line_).substr(0, length)) + '\n';
    line_.erase(0, length + 1);
  }
  WriteToStderr(lines);
}

}  // namespace retort

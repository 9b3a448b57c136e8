#include "core/plugin/isolation/frame_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace retort {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{20};
constexpr size_t kReadBytes = size_t{64} << 10;

/// The mark tells a frame from what a plugin may write to a descriptor that is not its own.
struct Head {
  uint32_t mark = 0x52544631;
  uint32_t length = 0;
};

std::string WithHead(std::string_view frame) {
  const Head head{.length = static_cast<uint32_t>(frame.size())};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  return bytes.append(frame);
}

/// Wait until `events` or a hang-up: kDone. kLate, kClosed: what `patience` says.
Transfer Await(int socket, short events, const Patience& patience) {
  for (;;) {
    int wait = patience.tick ? static_cast<int>(kTick.count()) : -1;
    if (patience.deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*patience.deadline - Clock::now()).count();
      if (left <= 0) return Transfer::kLate;
      const int most = static_cast<int>(std::min<int64_t>(left, 1 << 30));
      wait = wait < 0 ? most : std::min(wait, most);
    }
    pollfd about = {socket, events, 0};
    const int ready = poll(&about, 1, wait);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return Transfer::kDone;
    if (patience.tick && !patience.tick()) return Transfer::kClosed;
  }
}

bool MustWait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

FrameChannel::FrameChannel(FileDescriptor socket, Role role) : socket_(std::move(socket)), role_(role) {
  fcntl(socket_.number(), F_SETFL, fcntl(socket_.number(), F_GETFL) | O_NONBLOCK);
}

Transfer FrameChannel::Send(std::string_view frame, const Patience& patience) {
  const std::string bytes = WithHead(frame);
  const short watched = role_ == Role::kAsks ? POLLIN : 0;
  for (size_t sent = 0; sent < bytes.size();) {
    // Both ends would wait for ever where each sends and none receives.
    if (role_ == Role::kAsks && HasInput()) return Transfer::kMalformed;
    const ssize_t count = send(socket_.number(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<size_t>(count);
    } else if (!MustWait()) {
      return Transfer::kClosed;
    } else if (const Transfer waited = Await(socket_.number(), POLLOUT | watched, patience);
               waited != Transfer::kDone) {
      return waited;
    }
  }
  return Transfer::kDone;
}

Transfer FrameChannel::Receive(std::string* frame, const Patience& patience) {
  for (;;) {
    Head head;
    if (in_.size() >= sizeof head) {
      std::memcpy(&head, in_.data(), sizeof head);
      if (head.mark != Head().mark || head.length > kMaxFrameBytes) return Transfer::kMalformed;
      if (in_.size() - sizeof head >= head.length) {
        *frame = in_.substr(sizeof head, head.length);
        in_.erase(0, sizeof head + head.length);
        return Transfer::kDone;
      }
    }
    if (const Transfer filled = Fill(patience); filled != Transfer::kDone) return filled;
  }
}

Transfer FrameChannel::Fill(const Patience& patience) {
  const size_t had = in_.size();
  for (;;) {
    in_.resize(had + kReadBytes);
    const ssize_t count = recv(socket_.number(), in_.data() + had, kReadBytes, 0);
    in_.resize(had + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count > 0) return Transfer::kDone;
    if (count == 0 || !MustWait()) return Transfer::kClosed;
    if (const Transfer waited = Await(socket_.number(), POLLIN, patience); waited != Transfer::kDone) return waited;
  }
}

bool FrameChannel::SendAtOnce(std::string_view frame) {
  const std::string bytes = WithHead(frame);
  return send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

bool FrameChannel::HasInput() const {
  char byte = 0;
  return !in_.empty() || recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace retort

// One end of the connection between the host and the process of a stage: frames, each a mark, a length and so
// many bytes. Neither end ever raises SIGPIPE or waits without a way out.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/plugin/isolation/file_descriptor.h"

namespace retort {

/// A frame holds so many bytes at most.
inline constexpr uint32_t kMaxFrameBytes = 1u << 30;

/// How a frame went.
enum class Transfer {
  kDone,
  kClosed,     // the other end is closed
  kLate,       // the deadline came first
  kMalformed,  // the other end sent what is no frame, or spoke while it was to listen
};

/// How long to wait for the other end.
struct Patience {
  std::optional<std::chrono::steady_clock::time_point> deadline{};  // none: for ever
  std::function<bool()> tick{};  // called each 20 ms or so, may be empty; false: the other end is gone
};

/// Not thread-safe, but HasInput may be asked by any thread while none receives.
class FrameChannel {
 public:
  enum class Role { kAsks, kAnswers };
  /// `socket` is a connected stream socket; it is made non-blocking.
  FrameChannel(FileDescriptor socket, Role role);

  /// Send a frame of kMaxFrameBytes at most. kMalformed: this end asks, and the other spoke before it was asked.
  Transfer Send(std::string_view frame, const Patience& patience);
  Transfer Receive(std::string* frame, const Patience& patience);
  /// Send a short frame now or not at all. False: it was not sent.
  bool SendAtOnce(std::string_view frame);
  /// Whether the other end has sent something that was not received yet.
  bool HasInput() const;

  int number() const { return socket_.number(); }
  void Close() { socket_.Close(); }

 private:
  Transfer Fill(const Patience& patience);

  FileDescriptor socket_;
  const Role role_;
  std::string in_;  // received, and not given out yet
};

}  // namespace retort

// Threads that stay together for one step of a model.
// A step is hundreds of short loops with hardly anything between them. Forked one by one on oneTBB each costs several
// microseconds, which is more than many of the loops take. A team's helpers are oneTBB tasks too, of the same pool, but
// they live as long as the step and take parts of its loops from counters: a fork and join costs a fraction of a
// microsecond. Each member has the same share of every loop, for the caches' sake, and takes from others' when it is
// done. Nobody waits for a helper that has not come: the thread that owns the team then does all parts itself.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "core/device/cpu/parallel.h"

namespace retort::internal {

class Team {
 public:
  static constexpr int kMost = 64;  // members; a larger team would spend its time waiting
  explicit Team(int threads) : members_(std::min(threads, kMost)) {}
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// The team that the calling thread owns; null outside of WithTeam.
  static Team* Current();

  int members() const { return members_; }
  /// The owner's, who is member 0: share a loop of `chunks` parts with the helpers and return when all are done.
  void Run(int64_t chunks, void (*part)(const void* loop, int64_t chunk), const void* loop);
  /// The life of helper `member`, 1 or more: take parts until the team is closed.
  void Help(int member);
  void Close() { closed_.store(true, std::memory_order_release); }

 private:
  bool TakePart(int member);
  int64_t Border(int member) const { return chunks_ * member / members_; }

  static constexpr int kLine = 64;
  struct alignas(kLine) Share {
    std::atomic<int64_t> left{0};  // parts of it that nobody has taken
  };
  const int members_;
  // Written by the owner while no part is there to be taken; read only by whoever took a part.
  void (*part_)(const void* loop, int64_t chunk) = nullptr;
  const void* loop_ = nullptr;
  int64_t chunks_ = 0;
  std::array<Share, kMost> shares_;
  alignas(kLine) std::atomic<int64_t> done_{0};
  alignas(kLine) std::atomic<bool> closed_{false};
};

}  // namespace retort::internal

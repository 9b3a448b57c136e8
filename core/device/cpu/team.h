// Threads that stay together for one step of a model.
// A step is hundreds of short loops with hardly anything between them. Forked one by one on oneTBB each costs several
// microseconds, which is more than many of the loops take. A team's helpers are oneTBB tasks too, of the same pool, but
// they live as long as the step and take parts of its loops from one counter: a fork and join costs a fraction of a
// microsecond. Nobody waits for a helper that has not come: the thread that owns the team then does all parts itself.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/device/cpu/parallel.h"

namespace retort::internal {

class Team {
 public:
  explicit Team(int threads) : threads_(threads) {}
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// The team that the calling thread owns; null outside of WithTeam.
  static Team* Current();

  int threads() const { return threads_; }
  /// The owner's: share a loop of `chunks` parts with the helpers and return when all are done.
  void Run(int64_t chunks, void (*part)(const void* loop, int64_t chunk), const void* loop);
  /// A helper's: take parts until the team is closed.
  void Help();
  void Close() { closed_.store(true, std::memory_order_release); }

 private:
  bool TakePart();

  static constexpr int kLine = 64;
  const int threads_;
  // Written by the owner while no part is there to be taken; read only by whoever took a part.
  void (*part_)(const void* loop, int64_t chunk) = nullptr;
  const void* loop_ = nullptr;
  int64_t chunks_ = 0;
  alignas(kLine) std::atomic<int64_t> left_{0};  // parts nobody has taken
  alignas(kLine) std::atomic<int64_t> done_{0};
  alignas(kLine) std::atomic<bool> closed_{false};
};

}  // namespace retort::internal

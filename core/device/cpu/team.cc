#include "core/device/cpu/team.h"

#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <thread>

#include "core/base/thread_handover.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace retort::internal {
namespace {

thread_local Team* current = nullptr;

/// Wait a little; after some thousand rounds without success, let another thread have the core.
class Patience {
 public:
  void Wait() {
    if (++rounds_ > kSpins) {
      std::this_thread::yield();
      return;
    }
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#endif
  }
  void Reset() { rounds_ = 0; }

 private:
  static constexpr int kSpins = 4000;
  int rounds_ = 0;
};

}  // namespace

Team* Team::Current() { return current; }

bool Team::TakePart(int member) {
  for (int i = 0; i < members_; ++i) {
    const int owner = member + i < members_ ? member + i : member + i - members_;
    std::atomic<int64_t>& share = shares_[static_cast<size_t>(owner)].left;
    int64_t left = share.load(std::memory_order_relaxed);
    while (left > 0) {
      if (!share.compare_exchange_weak(left, left - 1, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      part_(loop_, Border(owner + 1) - left);
      done_.fetch_add(1, std::memory_order_release);
      return true;
    }
  }
  return false;
}

void Team::Run(int64_t chunks, void (*part)(const void* loop, int64_t chunk), const void* loop) {
  part_ = part;
  loop_ = loop;
  chunks_ = chunks;
  done_.store(0, std::memory_order_relaxed);
  for (int member = members_ - 1; member >= 0; --member) {
    shares_[static_cast<size_t>(member)].left.store(Border(member + 1) - Border(member), std::memory_order_release);
  }
  while (TakePart(0)) {
  }
  Patience patience;
  while (done_.load(std::memory_order_acquire) != chunks) patience.Wait();
}

void Team::Help(int member) {
  Patience patience;
  while (!closed_.load(std::memory_order_acquire)) {
    if (TakePart(member)) {
      patience.Reset();
    } else {
      patience.Wait();
    }
  }
}

void WithTeamOf(int threads, StepFunction function, const void* context) {
  if (threads <= 1 || current != nullptr) return function(context);
  // Isolated, so that the wait at the end runs this team's tasks and no other stage's.
  tbb::this_task_arena::isolate([&] {
    Team team(threads);
    HandOver(&team);
    tbb::task_group helpers;
    for (int member = 1; member < team.members(); ++member) {
      helpers.run([&team, member]() RETORT_BEFORE_TAKE_OVER {
        TakeOver(&team);
        team.Help(member);
      });
    }
    current = &team;
    function(context);
    current = nullptr;
    team.Close();
    helpers.wait();  // those that have not begun return at once
  });
}

}  // namespace retort::internal

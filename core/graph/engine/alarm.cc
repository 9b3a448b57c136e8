#include "core/graph/engine/alarm.h"

#include <algorithm>
#include <utility>

namespace retort {
namespace {

// How late a stop is noticed while alarms are set: a signal handler may set a flag, but may not wake a thread.
constexpr std::chrono::milliseconds kStopCheck{10};

}  // namespace

Alarm::Alarm(std::function<void(Stage&)> ring, std::function<bool()> hurry)
    : ring_(std::move(ring)), hurry_(std::move(hurry)) {}

Alarm::~Alarm() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Alarm::Set(Stage& stage, Clock::duration delay) {
  {
    std::lock_guard lock(mutex_);
    if (!due_.emplace(&stage, Clock::now() + delay).second) return false;
    if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  }
  wake_.notify_one();
  return true;
}

bool Alarm::Clear(Stage& stage) {
  std::lock_guard lock(mutex_);
  return due_.erase(&stage) > 0;
}

void Alarm::Loop() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (due_.empty()) {
      wake_.wait(lock, [this] { return closing_ || !due_.empty(); });
      continue;
    }
    auto first = std::min_element(due_.begin(), due_.end(), [](auto& a, auto& b) { return a.second < b.second; });
    Clock::time_point now = Clock::now();
    if (first->second > now && !hurry_()) {
      // A copy: while this waits, Clear may erase the entry, and the wait reads its deadline again at the end.
      const Clock::time_point until = std::min(first->second, now + kStopCheck);
      wake_.wait_until(lock, until);
      continue;
    }
    Stage* stage = first->first;
    due_.erase(first);
    lock.unlock();
    ring_(*stage);
    lock.lock();
  }
}

}  // namespace retort

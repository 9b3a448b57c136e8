#include "core/graph/trace/trace_recorder.h"

#include <atomic>

namespace retort {
namespace {

uint32_t ThisThread() {
  static std::atomic<uint32_t> threads{0};
  thread_local const uint32_t number = ++threads;
  return number;
}

}  // namespace

TraceRecorder::TraceRecorder(size_t capacity) : capacity_(capacity) { events_.reserve(capacity); }

void TraceRecorder::Add(TraceEvent event) {
  event.nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start_).count();
  events_.push_back(event);
}

bool TraceRecorder::Begin(uint32_t stage, uint32_t records) {
  const uint32_t thread = ThisThread();
  const std::lock_guard lock(mutex_);
  if (events_.size() + open_ + 2 > capacity_) {
    ++left_out_;
    return false;
  }
  ++open_;
  Add({.stage = stage, .value = records, .thread = thread, .kind = TraceEvent::Kind::kBegin});
  return true;
}

void TraceRecorder::End(uint32_t stage, uint32_t created) {
  const uint32_t thread = ThisThread();
  const std::lock_guard lock(mutex_);
  --open_;
  Add({.stage = stage, .value = created, .thread = thread, .kind = TraceEvent::Kind::kEnd});
}

void TraceRecorder::Count(TraceEvent::Kind kind, uint32_t stage, uint32_t value) {
  const std::lock_guard lock(mutex_);
  if (events_.size() + open_ + 1 > capacity_) return;
  Add({.stage = stage, .value = value, .kind = kind});
}

void TraceRecorder::Take(std::vector<TraceEvent>& events) {
  events.clear();
  events.reserve(capacity_);
  const std::lock_guard lock(mutex_);
  events_.swap(events);
}

bool TraceRecorder::HalfFull() const {
  const std::lock_guard lock(mutex_);
  return events_.size() * 2 > capacity_;
}

uint64_t TraceRecorder::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

}  // namespace retort

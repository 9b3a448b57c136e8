// The events of a run between the threads that cause them and the one that writes them down. Bounded: where events come
// faster than they are written, whole calls are left out and counted, and the run is not held up.
//
// An event gets its time under the lock, so events are in order of time without being sorted. A slot is kept free for
// the end of every call that has begun, so that what begins always ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace retort {

struct TraceEvent {
  enum class Kind : uint8_t {
    kBegin,     // a call of `stage`; value: its records
    kEnd,       // value: the records that it created
    kWaiting,   // value: records that stand before `stage`
    kInFlight,  // value: records of the run
  };
  int64_t nanoseconds = 0;  // since the recorder was made
  uint32_t stage = 0;       // its place in the pipeline
  uint32_t value = 0;
  uint32_t thread = 0;  // from 1, in order of first use
  Kind kind = Kind::kBegin;
};

class TraceRecorder {
 public:
  /// At most `capacity` events (24 bytes each) wait to be taken.
  explicit TraceRecorder(size_t capacity = size_t{1} << 16);

  /// A call begins on this thread. False: there is no room, and its end is not to be recorded.
  bool Begin(uint32_t stage, uint32_t records);
  void End(uint32_t stage, uint32_t created);
  /// `kind`: kWaiting or kInFlight. Left out where there is no room.
  void Count(TraceEvent::Kind kind, uint32_t stage, uint32_t value);

  /// Move what came since the last time to `events`, whose memory is used further.
  void Take(std::vector<TraceEvent>& events);
  /// Whether half the room is used.
  bool HalfFull() const;
  /// Calls that were left out.
  uint64_t left_out() const;

 private:
  void Add(TraceEvent event);  // holds mutex_

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const size_t capacity_;
  mutable std::mutex mutex_;  // guards the rest
  std::vector<TraceEvent> events_;
  size_t open_ = 0;  // calls that have begun and not ended
  uint64_t left_out_ = 0;
};

}  // namespace retort

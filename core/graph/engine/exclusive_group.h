// Stages that never run at the same time, since they share a model. No thread waits: a stage that finds the group taken
// is put in line, and whoever releases the group hands it on.
#pragma once

#include <deque>

#include <oneapi/tbb/spin_mutex.h>

namespace retort {

struct Stage;

class ExclusiveGroup {
 public:
  /// True: `stage` holds the group (also if Release handed it over). False: it stands in line, first come first served.
  bool Acquire(Stage& stage) {
    tbb::spin_mutex::scoped_lock lock(mutex_);
    if (owner_ == &stage) return true;
    if (owner_ != nullptr) {
      line_.push_back(&stage);
      return false;
    }
    owner_ = &stage;
    return true;
  }

  /// Give the group to the next in line and return that stage, for which Acquire now succeeds; null if nobody waits.
  Stage* Release() {
    tbb::spin_mutex::scoped_lock lock(mutex_);
    owner_ = nullptr;
    if (!line_.empty()) {
      owner_ = line_.front();
      line_.pop_front();
    }
    return owner_;
  }

 private:
  tbb::spin_mutex mutex_;
  Stage* owner_ = nullptr;
  std::deque<Stage*> line_;
};

}  // namespace retort

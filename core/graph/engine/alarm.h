// Calls stages back at a time, on one thread that exists only while it is needed; bodies never sleep.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace retort {

struct Stage;

class Alarm {
 public:
  using Clock = std::chrono::steady_clock;

  /// `ring` runs on the alarm's thread, outside its lock. While `hurry` is true, every alarm is due.
  Alarm(std::function<void(Stage&)> ring, std::function<bool()> hurry);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Ring for `stage` after `delay`. False: an alarm for it was set already and stays as it is.
  bool Set(Stage& stage, Clock::duration delay);
  /// True if the alarm was set and now will not ring.
  bool Clear(Stage& stage);

 private:
  void Loop();

  const std::function<void(Stage&)> ring_;
  const std::function<bool()> hurry_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Stage*, Clock::time_point> due_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace retort

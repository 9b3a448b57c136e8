// A thread for work that waits (files, devices), so that compute threads never do. Jobs run one at a time, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace retort {

class ServiceThread {
 public:
  ServiceThread();
  /// Runs what was posted, then joins.
  ~ServiceThread();
  ServiceThread(const ServiceThread&) = delete;
  ServiceThread& operator=(const ServiceThread&) = delete;

  /// Run `job`, which must not throw, after those posted before. Callable from any thread.
  void Post(std::function<void()> job);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool closing_ = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace retort

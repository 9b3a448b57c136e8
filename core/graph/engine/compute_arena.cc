#include "core/graph/engine/compute_arena.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <sched.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/device/cpu/topology.h"

namespace retort {
namespace {

/// Keeps each thread on one core while it is in the arena: the core whose place in the list is the thread's in the
/// arena, so two threads share one only where there are more threads than cores.
class Pins final : public tbb::task_scheduler_observer {
 public:
  explicit Pins(tbb::task_arena& arena) : task_scheduler_observer(arena), processors_(ProcessorsOfCores()) {
    observe(true);
  }
  ~Pins() override { observe(false); }
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  void on_scheduler_entry(bool /*is_worker*/) override {
    if (sched_getaffinity(0, sizeof before, &before) != 0 || processors_.empty()) return;
    const auto place = static_cast<size_t>(std::max(0, tbb::this_task_arena::current_thread_index()));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(processors_[place % processors_.size()]), &one);
    pinned = sched_setaffinity(0, sizeof one, &one) == 0;  // a wish: where the system refuses, all works too
  }
  void on_scheduler_exit(bool /*is_worker*/) override {
    if (pinned) sched_setaffinity(0, sizeof before, &before);
    pinned = false;
  }

 private:
  static inline thread_local cpu_set_t before;
  static inline thread_local bool pinned = false;
  const std::vector<int> processors_;
};

}  // namespace

Status CheckComputeOptions(const EngineOptions& options) {
  if (options.threads < 0) {
    return InvalidArgument("threads is " + std::to_string(options.threads) + "; use 0 for all or a positive number");
  }
  if (options.numa < 0) return {};
  if (options.affinity == Affinity::kCores) {
    return InvalidArgument("affinity `cores` and numa cannot be used together; leave one of them out");
  }
  std::string known;
  for (const tbb::numa_node_id node : tbb::info::numa_nodes()) {
    if (node == options.numa) return {};
    if (node >= 0) known.append(known.empty() ? "" : ", ").append(std::to_string(node));
  }
  return InvalidArgument("numa is " + std::to_string(options.numa) + "; " +
                         (known.empty() ? "oneTBB knows no nodes here: that needs its library tbbbind, and hwloc"
                                        : "the nodes here are " + known) +
                         "; -1 is for any");
}

Status RunInArena(const EngineOptions& options, const std::function<Status()>& work) {
  std::optional<tbb::global_control> more_threads;  // oneTBB makes no more threads than cores unless told
  if (options.threads > static_cast<int>(std::thread::hardware_concurrency())) {
    more_threads.emplace(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(options.threads));
  }
  const int threads = options.threads > 0 ? options.threads : tbb::task_arena::automatic;
  tbb::task_arena::constraints constraints;
  constraints.numa_id = options.numa;  // -1: tbb::task_arena::automatic
  constraints.max_concurrency = threads;
  tbb::task_arena arena(constraints);
  std::optional<Pins> pins;
  if (options.affinity == Affinity::kCores) pins.emplace(arena);
  return arena.execute(work);
}

}  // namespace retort

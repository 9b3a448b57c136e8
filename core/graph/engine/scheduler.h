// One run of a graph: the stages as nodes of a oneTBB flow graph, and who is called when.
//
// An edge carries chains of records: an output port (broadcast_node) leads to the inbox of the next stage, a
// lightweight node that runs in the sender and appends the chain to the stage's pending records. If that makes a call
// due, it puts one message, a tick, to the stage's worker node. So a tick, not a record, is what oneTBB queues: at most
// one a stage (or one a concurrent call), whatever is in flight. Why: core/design/001-engine.md.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <oneapi/tbb/flow_graph.h>

#include "core/base/thread_handover.h"
#include "core/graph/engine/admission.h"
#include "core/graph/engine/alarm.h"
#include "core/graph/engine/call.h"
#include "core/graph/engine/dead_letters.h"
#include "core/graph/engine/stage.h"
#include "core/graph/engine/topology.h"

namespace retort {

/// What Engine::progress shows; written by the run, read by anyone.
struct Counters {
  std::atomic<uint64_t> admitted{0}, completed{0}, failed{0}, skipped{0}, cancelled{0}, not_begun{0};
};

/// Raise `stop` to `level` unless it is there or beyond. Safe in signal handlers.
static_assert(std::atomic<StopLevel>::is_always_lock_free);
inline void RaiseStop(std::atomic<StopLevel>& stop, StopLevel level) {
  StopLevel now = stop.load();
  while (now < level && !stop.compare_exchange_weak(now, level)) {
  }
}

class Scheduler {
 public:
  /// Build the nodes. All references must outlive this. Made inside the task arena that the run is to use.
  Scheduler(const EngineOptions& options, const Topology& topology, std::span<const std::unique_ptr<Stage>> stages,
            DeadLetters& dead_letters, std::atomic<StopLevel>& stop, Counters& counters);
  ~Scheduler();

  /// Run to the end; afterwards every record has left or is in `stranded`. Returns what aborted the run, or kCancelled
  /// where it was asked to stop before its sources had ended.
  Status Run(std::vector<Stranded>& stranded);

 private:
  using Clock = std::chrono::steady_clock;

  // Ends a wait that was reserved for work outside the graph's own tasks, when that work is done.
  class WaitGuard {
   public:
    explicit WaitGuard(Scheduler& scheduler) : scheduler_(scheduler) {}
    ~WaitGuard() {
      HandOver(&scheduler_);
      scheduler_.graph_.release_wait();
    }
    WaitGuard(const WaitGuard&) = delete;
    WaitGuard& operator=(const WaitGuard&) = delete;

   private:
    Scheduler& scheduler_;
  };

  void SetSchedule(const Topology& topology);
  void BuildNodes();

  // Calls.
  void PutTicks(Stage& stage, uint32_t ticks);
  void PutOwnTicks(Stage& stage, uint32_t ticks);
  Stage* GoOn(Stage& ran);
  void Queue(Stage& stage, uint32_t ticks);
  void OnTick(Stage& stage) noexcept;
  void OnAsyncTick(Stage& stage) noexcept;
  void RunTick(Stage& stage, Clock::time_point& now);
  void RunStage(Stage& stage, Clock::time_point& now);
  void RunSource(Stage& stage, Clock::time_point& now);
  void ReleaseGroup(Stage& stage);
  bool TakeBatch(Stage& stage, Chain& batch);
  void TakeUnbegun(Stage& stage, Chain& unbegun);
  void LetGo(Stage& stage, const Chain& unbegun);
  void AbortOnBrokenOutput(Stage& stage, const Call& call);
  void Deliver(Stage& stage, Call& call);
  std::unique_ptr<Call> TakeCall(Stage& stage);

  // Records.
  void Arrive(Stage& stage, const Chain& chain) noexcept;
  void Leave(Chain chain, std::atomic<uint64_t>& counter);
  void Bury(std::vector<Failure> failures);
  void WriteDeadLetters(std::span<const Failure> failures);
  void Wake(Stage& source);
  void WakeSources();
  void DeliverFinished();
  void SweepCancelled();

  // Lingering.
  bool OnTheWay(const Stage& stage) const;
  void EndLinger(Stage& stage, bool only_if_alone);
  void EndVainLingers();
  void Ring(Stage& stage);

  // Deterministic mode.
  void Conduct();
  Stage* PickNext();

  void Abort(Status status, StopLevel level);
  Status Interrupted() const;
  bool draining() const { return stop_.load(std::memory_order_relaxed) != StopLevel::kRun; }
  bool stopping() const { return stop_.load(std::memory_order_relaxed) == StopLevel::kStop; }

  const EngineOptions& options_;
  std::span<const std::unique_ptr<Stage>> stages_;
  DeadLetters& dead_letters_;
  std::atomic<StopLevel>& stop_;
  Counters& counters_;

  tbb::flow::graph graph_;
  Admission admission_;
  std::vector<std::unique_ptr<ExclusiveGroup>> groups_;
  std::vector<Stage*> by_priority_;  // most urgent first
  std::vector<Stage*> sources_, ordered_, lingerers_;
  std::atomic<uint32_t> live_sources_{0};
  std::atomic<uint32_t> queued_{0};               // ticks that no thread has taken up
  std::atomic<int> lingering_{0};                 // stages that hold a partial batch
  std::unique_ptr<ServiceThread> burial_thread_;  // writes dead letters
  Alarm alarm_;
  std::mutex abort_mutex_;
  Status abort_status_;
};

}  // namespace retort

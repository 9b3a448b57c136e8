// A stage as the engine runs it: what was declared, its nodes in the flow graph, and the records that stand at it.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/spin_mutex.h>

#include "core/graph/engine/chain.h"
#include "core/graph/engine/engine.h"
#include "core/graph/engine/exclusive_group.h"
#include "core/graph/engine/reorder_buffer.h"
#include "core/graph/engine/service_thread.h"

namespace retort {

class Call;
class Scheduler;

struct Stage {
  static constexpr int64_t kNeverTicked = int64_t{1} << 50;
  struct Port {
    Stage* to = nullptr;
    bool back = false;
    std::unique_ptr<tbb::flow::broadcast_node<Chain>> node;
  };
  using Inbox = tbb::flow::function_node<Chain, tbb::flow::continue_msg, tbb::flow::lightweight>;
  using Worker = tbb::flow::function_node<Stage*>;
  using AsyncWorker = tbb::flow::async_node<Stage*, tbb::flow::continue_msg, tbb::flow::queueing_lightweight>;

  Stage(StageOptions stage_options, std::unique_ptr<StageBody> stage_body, uint32_t stage_index);
  ~Stage();

  bool source() const { return options.inputs == 0; }
  /// Where records end: no port leads on.
  bool last() const {
    return !source() && std::all_of(ports.begin(), ports.end(), [](const Port& port) { return port.to == nullptr; });
  }

  /// What Engine::loads and Engine::stages show; they take `mutex`.
  StageLoad Load();
  StageStats Stats();

  /// How many ticks to put to the worker now; they count as put. Holds `mutex`.
  uint32_t ClaimTicks() {
    if (ticks + running >= limit) return 0;
    uint32_t due = 0;
    if (source()) {
      due = wake && !ended ? 1 : 0;
    } else if (!lingering || pending.count >= options.max_batch) {
      due = static_cast<uint32_t>((uint64_t{pending.count} + options.max_batch - 1) / options.max_batch);
    }
    if (due <= ticks) return 0;
    due = std::min(due - ticks, limit - ticks - running);
    ticks += due;
    return due;
  }

  /// Put records into line. Before a model those that are begun go first, so that few are under way at a time and each
  /// is soon finished. Holds `mutex`.
  void Enqueue(const Chain& arriving) {
    if (options.exclusive.empty()) return pending.Append(arriving);
    Chain begun, unbegun;
    for (Chain rest : {pending, arriving}) {
      while (Record* record = rest.Pop()) (record->begun() ? begun : unbegun).Append(record);
    }
    pending = begun;
    pending.Append(unbegun);
  }

  StageOptions options;
  std::unique_ptr<StageBody> body;
  const uint32_t index;
  std::vector<Port> ports;

  // Set before the run.
  Scheduler* scheduler = nullptr;
  ExclusiveGroup* group = nullptr;
  uint32_t limit = 1;                     // calls at once
  std::vector<Stage*> ancestors;          // whose records can come here
  std::unique_ptr<ServiceThread> thread;  // of a blocking stage
  std::unique_ptr<Inbox> inbox;
  std::unique_ptr<Worker> worker;
  std::unique_ptr<AsyncWorker> async_worker;
  tbb::flow::receiver<Stage*>* ticker = nullptr;  // one of the two

  tbb::spin_mutex mutex;  // guards the rest
  Chain pending;
  std::unique_ptr<ReorderBuffer> reorder;  // of an ordered stage
  uint32_t ticks = 0;                      // put and not begun
  uint32_t running = 0;                    // begun and not ended
  uint32_t quota = 1;                      // calls one tick may make; grows while they are short
  bool wake = false;                       // source: credits may be free
  bool ended = false;                      // source: no more records
  bool lingering = false;                  // holds a partial batch
  bool linger_over = false;                // do not hold the next one
  std::vector<std::unique_ptr<Call>> idle_calls;
  StageStats stats;
  StageStats::Distribution batches;  // records a call
  StageStats::Distribution queues;   // records that stood here as a call began, its own included

  std::atomic<int64_t> tick_nanoseconds{kNeverTicked};  // what its last tick took
  std::atomic<int64_t> standing{0};  // records here or in a call; kept only if a stage of the graph lingers
};

}  // namespace retort

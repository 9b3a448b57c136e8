// The scheduler's setup before a run, the end of it, lingering, and the order of deterministic mode.
#include <algorithm>
#include <map>
#include <utility>

#include <oneapi/tbb/task_arena.h>

#include "core/graph/engine/scheduler.h"

namespace retort {

Scheduler::Scheduler(const EngineOptions& options, const Topology& topology,
                     std::span<const std::unique_ptr<Stage>> stages, DeadLetters& dead_letters,
                     std::atomic<StopLevel>& stop, Counters& counters)
    : options_(options),
      stages_(stages),
      dead_letters_(dead_letters),
      stop_(stop),
      counters_(counters),
      admission_(options.credits, options.credit_bytes, options.seed),
      alarm_([this](Stage& stage) { Ring(stage); }, [this] { return stopping(); }) {
  SetSchedule(topology);
  BuildNodes();
}

Scheduler::~Scheduler() {
  for (const auto& stage : stages_) {  // what refers to the graph goes before it
    stage->thread.reset();
    stage->inbox.reset();
    stage->worker.reset();
    stage->async_worker.reset();
    for (Stage::Port& port : stage->ports) port.node.reset();
  }
}

void Scheduler::SetSchedule(const Topology& topology) {
  std::map<std::string, ExclusiveGroup*> groups;
  std::vector<std::vector<uint32_t>> ancestors = topology.Ancestors();
  std::vector<uint32_t> ranks = topology.Ranks();
  for (const auto& stage : stages_) {
    const StageOptions& o = stage->options;
    stage->scheduler = this;
    by_priority_.push_back(stage.get());
    if (stage->source()) sources_.push_back(stage.get());
    if (o.ordered && !stage->source()) {
      const tbb::spin_mutex::scoped_lock lock(stage->mutex);
      stage->reorder = std::make_unique<ReorderBuffer>();
      ordered_.push_back(stage.get());
    }
    for (uint32_t a : ancestors[stage->index]) stage->ancestors.push_back(stages_[a].get());
    stage->wake = true;
    if (options_.deterministic) {
      stage->limit = 0;  // the conductor alone calls
      continue;
    }
    bool one_call = !o.concurrent || o.ordered || o.blocking || stage->source() || !o.exclusive.empty();
    stage->limit = one_call ? 1 : static_cast<uint32_t>(tbb::this_task_arena::max_concurrency());
    if (o.linger.count() > 0 && !stage->source()) lingerers_.push_back(stage.get());
    if (o.blocking) stage->thread = std::make_unique<ServiceThread>();
    if (!o.exclusive.empty()) {
      ExclusiveGroup*& group = groups[o.exclusive];
      if (group == nullptr) group = groups_.emplace_back(std::make_unique<ExclusiveGroup>()).get();
      stage->group = group;
    }
  }
  if (dead_letters_.enabled() && !options_.deterministic) burial_thread_ = std::make_unique<ServiceThread>();
  live_sources_ = static_cast<uint32_t>(sources_.size());
  // Downstream first, so that what is in flight leaves before more is admitted.
  std::stable_sort(by_priority_.begin(), by_priority_.end(), [&](const Stage* a, const Stage* b) {
    return std::pair(a->options.priority, ranks[a->index]) > std::pair(b->options.priority, ranks[b->index]);
  });
}

void Scheduler::BuildNodes() {
  using tbb::flow::unlimited;  // the scheduler itself bounds the ticks of a stage
  for (size_t i = 0; i < by_priority_.size(); ++i) {
    Stage* stage = by_priority_[i];
    auto priority = static_cast<tbb::flow::node_priority_t>(by_priority_.size() - i);
    stage->inbox = std::make_unique<Stage::Inbox>(graph_, unlimited, [this, stage](const Chain& chain) noexcept {
      Arrive(*stage, chain);
      return tbb::flow::continue_msg();
    });
    if (stage->thread) {
      stage->async_worker = std::make_unique<Stage::AsyncWorker>(
          graph_, unlimited,
          [](Stage* ticked, Stage::AsyncWorker::gateway_type&) noexcept { ticked->scheduler->OnAsyncTick(*ticked); },
          priority);
      stage->ticker = stage->async_worker.get();
    } else {
      stage->worker = std::make_unique<Stage::Worker>(
          graph_, unlimited,
          [](Stage* ticked) noexcept {
            TakeOver(ticked);
            ticked->scheduler->OnTick(*ticked);
          },
          priority);
      stage->ticker = stage->worker.get();
    }
  }
  for (const auto& stage : stages_) {
    for (Stage::Port& port : stage->ports) {
      if (port.to == nullptr) continue;
      port.node = std::make_unique<tbb::flow::broadcast_node<Chain>>(graph_);
      tbb::flow::make_edge(*port.node, *port.to->inbox);
    }
  }
}

Status Scheduler::Run(std::vector<Stranded>& stranded) {
  if (options_.deterministic) {
    Conduct();
  } else {
    WakeSources();
  }
  graph_.wait_for_all();
  TakeOver(this);
  if (stopping()) {
    DeliverFinished();
    SweepCancelled();
  }
  bool ended = true;
  for (const auto& stage : stages_) ended = ended && (!stage->source() || stage->ended);
  for (const Record* record : admission_.InFlight()) {
    stranded.push_back({record->id, stages_[record->stage]->options.name});
  }
  if (!abort_status_.ok()) return abort_status_;
  if (!stranded.empty()) {
    return Internal(std::to_string(stranded.size()) + " records are stranded, the first, '" + stranded[0].record_id +
                    "', at stage '" + stranded[0].stage +
                    "': a defect of the engine; please report it with the pipeline");
  }
  return counters_.cancelled > 0 || !ended ? Interrupted() : Status();
}

// Holds stage.mutex. Whether records stand anywhere from where they can come to `stage`.
bool Scheduler::OnTheWay(const Stage& stage) const {
  int64_t others = 0;
  for (const Stage* ancestor : stage.ancestors) {
    others += ancestor->standing;
    if (ancestor == &stage) others -= stage.pending.count;
  }
  return others > 0;
}

void Scheduler::EndLinger(Stage& stage, bool only_if_alone) {
  uint32_t ticks = 0;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    if (!stage.lingering || (only_if_alone && OnTheWay(stage))) return;
    stage.lingering = false;
    --lingering_;
    stage.linger_over = true;
    if (alarm_.Clear(stage)) graph_.release_wait();  // this thread's own task or guard keeps the graph waiting
    ticks = stage.ClaimTicks();
  }
  PutTicks(stage, ticks);
}

void Scheduler::EndVainLingers() {
  if (lingering_ == 0) return;
  for (Stage* stage : lingerers_) EndLinger(*stage, true);
}

// Runs on the alarm's thread, for what Set was called with a reserved wait.
void Scheduler::Ring(Stage& stage) {
  WaitGuard guard(*this);
  stage.source() ? Wake(stage) : EndLinger(stage, false);
}

void Scheduler::Conduct() {
  Clock::time_point now = Clock::now();
  while (!stopping()) {
    Stage* stage = PickNext();
    if (stage == nullptr) return;
    {
      tbb::spin_mutex::scoped_lock lock(stage->mutex);
      stage->ticks = 1;  // as if ticked
    }
    stage->source() ? RunSource(*stage, now) : RunStage(*stage, now);
  }
}

// The rule looks at counts alone, never at time: the most downstream full batch; else a source that has credits; else
// the most upstream partial batch, so that records gather downstream. The same input gives the same calls.
Stage* Scheduler::PickNext() {
  const bool draining_now = draining();
  Stage* source = nullptr;
  Stage* partial = nullptr;
  for (Stage* stage : by_priority_) {
    tbb::spin_mutex::scoped_lock lock(stage->mutex);
    if (stage->source()) {
      if (source == nullptr && stage->wake && !stage->ended && !draining_now) source = stage;
    } else if (stage->pending.count >= stage->options.max_batch) {
      return stage;
    } else if (!stage->pending.empty()) {
      partial = stage;
    }
  }
  return source != nullptr ? source : partial;
}

}  // namespace retort

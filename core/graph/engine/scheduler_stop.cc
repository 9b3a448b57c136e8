// How a run ends before its time: drained, stopped or aborted.
#include <utility>

#include "core/graph/engine/scheduler.h"

namespace retort {

// Holds stage.mutex. A drained run finishes what was begun. What waits for a model that has computed nothing for it
// costs as much as what was not read yet, and is let go like it.
void Scheduler::TakeUnbegun(Stage& stage, Chain& unbegun) {
  if (stage.options.exclusive.empty()) return;
  Chain begun;
  while (Record* record = stage.pending.Pop()) (record->begun() ? begun : unbegun).Append(record);
  stage.pending = begun;
}

void Scheduler::LetGo(Stage& stage, const Chain& unbegun) {
  if (!lingerers_.empty()) stage.standing -= unbegun.count;
  counters_.not_begun.fetch_add(unbegun.count, std::memory_order_relaxed);
  Leave(unbegun, counters_.cancelled);
}

// After a stop: what stands at a last stage without a model (held there for its turn, too) is finished work and is
// delivered. Nothing else runs.
void Scheduler::DeliverFinished() {
  for (const auto& stage : stages_) {
    if (!stage->last() || !stage->options.exclusive.empty()) continue;
    Chain rest;
    {
      tbb::spin_mutex::scoped_lock lock(stage->mutex);
      rest = std::exchange(stage->pending, {});
      if (stage->reorder) stage->reorder->TakeAll(rest);
    }
    Call call(*stage, admission_, stop_, options_.max_cycles);
    while (!rest.empty()) {
      Chain batch;
      while (batch.count < stage->options.max_batch && !rest.empty()) batch.Append(rest.Pop());
      call.Run(batch);
      Deliver(*stage, call);
    }
    tbb::spin_mutex::scoped_lock lock(stage->mutex);
    call.MoveStats(stage->stats, stage->batches);
  }
  graph_.wait_for_all();  // for dead letters
  TakeOver(this);
}

void Scheduler::SweepCancelled() {
  for (const auto& stage : stages_) {
    Chain chain;
    {
      tbb::spin_mutex::scoped_lock lock(stage->mutex);
      chain = std::exchange(stage->pending, {});
      if (stage->reorder) stage->reorder->TakeAll(chain);
    }
    counters_.cancelled += chain.count;
    for (const Record* record = chain.head; record != nullptr; record = record->next) {
      if (!stage->options.exclusive.empty() && !record->begun()) ++counters_.not_begun;
    }
    admission_.Leave(chain);
  }
}

// An output that takes nothing any more (a full disk) makes all further work vain.
void Scheduler::AbortOnBrokenOutput(Stage& stage, const Call& call) {
  if (call.status().code() != StatusCode::kResourceExhausted) return;
  if (!stage.last() || !stage.options.exclusive.empty()) return;
  Abort(call.status().Annotate("stage '" + stage.options.name + "'"), StopLevel::kStop);
}

void Scheduler::Abort(Status status, StopLevel level) {
  std::lock_guard lock(abort_mutex_);
  if (abort_status_.ok()) abort_status_ = std::move(status);
  RaiseStop(stop_, level);
}

// What a run that was asked to stop leaves: how much is done, and how much is not.
Status Scheduler::Interrupted() const {
  const uint64_t unbegun = counters_.not_begun, broken_off = counters_.cancelled - unbegun;
  std::string text =
      std::to_string(counters_.completed) + " of " + std::to_string(counters_.admitted) + " records read are done";
  if (broken_off > 0) text += ", " + std::to_string(broken_off) + " were broken off";
  if (unbegun > 0) text += ", " + std::to_string(unbegun) + " were not begun";
  return Cancelled("the run was stopped before its end: " + text);
}

}  // namespace retort

#include "core/graph/engine/scheduler.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace retort {
namespace {

// A tick goes on with the stage's next batch while its calls are as short as this, so that stages whose call costs less
// than a task do not pay one task a call.
constexpr std::chrono::microseconds kShortTick{20};
constexpr uint32_t kMaxQuota = 16;
constexpr uint32_t kCallsBetweenLooks = 4;  // at the clock
// The first tick that a tick puts may run after it in the same task, so many times in a row: always where its calls are
// short, else where no other tick waits. So a record that goes round a cycle stays on one core and finds its caches.
constexpr uint32_t kMaxHops = 64;
// Ticks are also short beside one that lasted so many times as long.
constexpr int64_t kMuchLonger = 16;
// A source that had nothing now, but is not at its end, is asked again after this.
constexpr std::chrono::milliseconds kSourcePause{1};

/// What this thread's task does after the tick that it runs.
struct AfterTick {
  Stage* next = nullptr;  // the tick that goes on with the records
  Stage* held = nullptr;  // then this one
};
thread_local AfterTick* after_tick = nullptr;  // null: tasks are made for all ticks

int64_t Nanoseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

bool IsShort(const Stage& stage, const Stage& beside) {
  const int64_t ticks = stage.tick_nanoseconds.load(std::memory_order_relaxed);
  const int64_t other = beside.tick_nanoseconds.load(std::memory_order_relaxed);
  return stage.group == nullptr && (ticks < Nanoseconds(kShortTick) || ticks < other / kMuchLonger);
}

}  // namespace

void Scheduler::PutTicks(Stage& stage, uint32_t ticks) {
  if (ticks > 0 && after_tick != nullptr && after_tick->next == nullptr && stage.thread == nullptr) {
    after_tick->next = &stage;
    --ticks;
  }
  Queue(stage, ticks);
}

/// The ticks of a stage that has just been called. Where what it sent goes to a stage of short calls first, which may
/// send it back at once, the next call is held until then, so that the records that went round and those that waited
/// meanwhile make one batch. Else a cycle whose records once fell apart into two batches would go on with two for ever.
void Scheduler::PutOwnTicks(Stage& stage, uint32_t ticks) {
  if (ticks > 0 && after_tick != nullptr && after_tick->next != nullptr && after_tick->held == nullptr &&
      IsShort(*after_tick->next, stage)) {
    after_tick->held = &stage;
    --ticks;
  }
  PutTicks(stage, ticks);
}

void Scheduler::Queue(Stage& stage, uint32_t ticks) {
  if (ticks == 0) return;
  queued_ += ticks;
  HandOver(&stage);
  for (; ticks > 0; --ticks) stage.ticker->try_put(&stage);
}

void Scheduler::OnTick(Stage& stage) noexcept {
  Clock::time_point now = Clock::now();
  if (stage.thread == nullptr) --queued_;
  AfterTick after;
  Stage* current = &stage;
  for (uint32_t hop = 0; current != nullptr; ++hop) {
    after_tick = stage.thread == nullptr && !options_.deterministic && hop < kMaxHops ? &after : nullptr;
    RunTick(*current, now);
    after_tick = &after;
    current = GoOn(*current);
  }
  after_tick = nullptr;
  HandOver(this);
}

/// The tick that follows `ran` in this task; null: none. Where other ticks wait, which goes first is a matter of
/// priority, unless it is short.
Stage* Scheduler::GoOn(Stage& ran) {
  Stage* const next = std::exchange(after_tick->next, nullptr);
  Stage* const held = after_tick->held;
  if (next != nullptr && IsShort(*next, held != nullptr ? *held : ran)) return next;
  if (next != nullptr && held == nullptr && queued_ == 0) return next;
  after_tick->held = nullptr;
  if (next != nullptr) Queue(*next, 1);
  if (held == nullptr || queued_ == 0) return held;
  Queue(*held, 1);
  return nullptr;
}

void Scheduler::RunTick(Stage& stage, Clock::time_point& now) {
  if (stopping()) return;  // the tick stays claimed, so nothing is called any more; what is left is swept up
  if (stage.group != nullptr && !stage.group->Acquire(stage)) return;  // ticked again when the group is handed over
  stage.source() ? RunSource(stage, now) : RunStage(stage, now);
}

void Scheduler::ReleaseGroup(Stage& stage) {
  if (stage.group == nullptr) return;
  if (Stage* next = stage.group->Release(); next != nullptr) PutTicks(*next, 1);
}

void Scheduler::OnAsyncTick(Stage& stage) noexcept {
  --queued_;
  graph_.reserve_wait();
  stage.thread->Post([this, &stage] {
    WaitGuard guard(*this);
    OnTick(stage);
  });
}

std::unique_ptr<Call> Scheduler::TakeCall(Stage& stage) {
  if (stage.idle_calls.empty()) return std::make_unique<Call>(stage, admission_, stop_, options_.max_cycles);
  std::unique_ptr<Call> call = std::move(stage.idle_calls.back());
  stage.idle_calls.pop_back();
  return call;
}

void Scheduler::RunStage(Stage& stage, Clock::time_point& now) {
  std::unique_ptr<Call> call;
  Chain batch, unbegun;
  uint32_t quota = 1;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    --stage.ticks;
    ++stage.running;
    if (draining()) TakeUnbegun(stage, unbegun);
    TakeBatch(stage, batch);
    call = TakeCall(stage);
    quota = stage.quota;
  }
  if (!unbegun.empty()) LetGo(stage, unbegun);
  const Clock::time_point begin = now;
  uint32_t calls = 0;
  while (!batch.empty()) {
    call->Run(std::exchange(batch, {}));
    AbortOnBrokenOutput(stage, *call);
    Deliver(stage, *call);
    if (++calls >= quota || stopping()) break;
    if (calls % kCallsBetweenLooks == 0 && Clock::now() - begin > kShortTick) break;
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    TakeBatch(stage, batch);
  }
  now = Clock::now();
  const bool brief = stage.group == nullptr && !options_.deterministic && now - begin < kShortTick;
  stage.tick_nanoseconds.store(Nanoseconds(now - begin), std::memory_order_relaxed);
  ReleaseGroup(stage);
  uint32_t ticks = 0;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    stage.stats.busy_seconds += std::chrono::duration<double>(now - begin).count();
    call->MoveStats(stage.stats, stage.batches);
    stage.quota = brief ? std::min(quota * 2, kMaxQuota) : 1;
    stage.idle_calls.push_back(std::move(call));
    --stage.running;
    ticks = stage.ClaimTicks();
  }
  PutOwnTicks(stage, ticks);
  EndVainLingers();
}

void Scheduler::RunSource(Stage& stage, Clock::time_point& now) {
  std::unique_ptr<Call> call;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    --stage.ticks;
    ++stage.running;
    stage.wake = false;
    call = TakeCall(stage);
  }
  bool ended = false;
  uint32_t created = 0;
  Admission::Grant grant;
  if (!draining()) grant = admission_.Reserve(live_sources_.load(std::memory_order_relaxed));
  if (grant.records > 0) {
    if (!lingerers_.empty()) stage.standing += grant.records;
    ended = !call->RunSource(grant);
    created = call->created();
    counters_.admitted.fetch_add(created, std::memory_order_relaxed);
    Deliver(stage, *call);
    if (!lingerers_.empty()) stage.standing -= grant.records;
    if (!call->status().ok()) {
      Abort(call->status().Annotate("source '" + stage.options.name + "'"), StopLevel::kDrain);
    }
  }
  const Clock::time_point begin = std::exchange(now, Clock::now());
  stage.tick_nanoseconds.store(Nanoseconds(now - begin), std::memory_order_relaxed);
  ReleaseGroup(stage);
  bool pause = grant.records > 0 && created == 0 && !ended;
  uint32_t ticks = 0;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    stage.stats.busy_seconds += std::chrono::duration<double>(now - begin).count();
    call->MoveStats(stage.stats, stage.batches);
    stage.idle_calls.push_back(std::move(call));
    --stage.running;
    if (ended) {
      stage.ended = true;
      live_sources_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (created > 0) stage.wake = true;
    ticks = stage.ClaimTicks();
  }
  PutTicks(stage, ticks);
  if (pause && options_.deterministic) {
    std::this_thread::sleep_for(kSourcePause);  // the one thread there is
    Wake(stage);
  } else if (pause) {
    graph_.reserve_wait();
    if (!alarm_.Set(stage, kSourcePause)) graph_.release_wait();
  }
  EndVainLingers();
}

// Holds stage.mutex. False: nothing to run now.
bool Scheduler::TakeBatch(Stage& stage, Chain& batch) {
  if (stage.pending.empty()) return false;
  const StageOptions& options = stage.options;
  bool may_linger = options.linger.count() > 0 && !options_.deterministic;
  if (may_linger && stage.pending.count < options.max_batch && !stage.linger_over) {
    bool begins = !stage.lingering;
    if (begins) {
      stage.lingering = true;
      ++lingering_;  // before the look at who is on the way: whoever moves later sees it and looks again
    }
    if (OnTheWay(stage)) {
      if (begins) {
        graph_.reserve_wait();
        if (!alarm_.Set(stage, options.linger)) graph_.release_wait();
      }
      return false;
    }
  }
  if (stage.lingering) {
    stage.lingering = false;
    --lingering_;
    if (alarm_.Clear(stage)) graph_.release_wait();
  }
  stage.linger_over = false;
  stage.queues.Add(static_cast<double>(stage.pending.count + (stage.reorder ? stage.reorder->waiting() : 0)));
  if (stage.pending.count <= options.max_batch) {
    batch = std::exchange(stage.pending, {});
  } else {
    while (batch.count < options.max_batch) batch.Append(stage.pending.Pop());
  }
  return true;
}

// Send what came of a call on its way.
void Scheduler::Deliver(Stage& stage, Call& call) {
  for (size_t p = 0; p < call.ports.size(); ++p) {
    if (call.ports[p].empty()) continue;
    stage.ports[p].node->try_put(std::exchange(call.ports[p], {}));
  }
  if (!stage.source() && !lingerers_.empty()) stage.standing -= call.batch();
  if (!call.completed.empty()) Leave(std::exchange(call.completed, {}), counters_.completed);
  if (!call.skipped.empty()) Leave(std::exchange(call.skipped, {}), counters_.skipped);
  if (!call.cancelled.empty()) Leave(std::exchange(call.cancelled, {}), counters_.cancelled);
  if (!call.failures.empty()) Bury(std::exchange(call.failures, {}));
}

void Scheduler::Arrive(Stage& stage, const Chain& chain) noexcept {
  if (!lingerers_.empty()) stage.standing += chain.count;
  uint32_t ticks = 0;
  {
    tbb::spin_mutex::scoped_lock lock(stage.mutex);
    if (stage.reorder) {
      Chain rest = chain;
      while (Record* record = rest.Pop()) stage.reorder->Arrive(record, stage.pending);
    } else {
      stage.Enqueue(chain);
    }
    ticks = stage.ClaimTicks();
  }
  PutTicks(stage, ticks);
}

void Scheduler::Leave(Chain chain, std::atomic<uint64_t>& counter) {
  for (Stage* stage : ordered_) {
    uint32_t ticks = 0;
    {
      tbb::spin_mutex::scoped_lock lock(stage->mutex);
      for (Record* record = chain.head; record != nullptr; record = record->next) {
        stage->reorder->Left(record->number, stage->pending);
      }
      ticks = stage->ClaimTicks();
    }
    PutTicks(*stage, ticks);
  }
  counter.fetch_add(chain.count, std::memory_order_relaxed);
  if (admission_.Leave(chain)) WakeSources();
}

void Scheduler::Wake(Stage& source) {
  uint32_t ticks = 0;
  {
    tbb::spin_mutex::scoped_lock lock(source.mutex);
    source.wake = true;
    ticks = source.ClaimTicks();
  }
  PutTicks(source, ticks);
}

void Scheduler::WakeSources() {
  for (Stage* source : sources_) Wake(*source);
}

void Scheduler::Bury(std::vector<Failure> failures) {
  if (!burial_thread_) return WriteDeadLetters(failures);
  // The records keep their credits until they are written, so a slow disk holds back the sources, not memory.
  graph_.reserve_wait();
  burial_thread_->Post([this, shared = std::make_shared<std::vector<Failure>>(std::move(failures))] {
    WaitGuard guard(*this);
    WriteDeadLetters(*shared);
  });
}

void Scheduler::WriteDeadLetters(std::span<const Failure> failures) {
  Status written = dead_letters_.Write(failures);
  if (!written.ok()) Abort(written, StopLevel::kStop);
  Chain records;
  for (const Failure& failure : failures) records.Append(failure.record);
  Leave(records, counters_.failed);
}

}  // namespace retort

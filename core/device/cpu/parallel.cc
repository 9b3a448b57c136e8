#include "core/device/cpu/parallel.h"

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>

#include "core/base/thread_handover.h"
#include "core/device/cpu/team.h"

namespace retort::internal {
namespace {

struct Loop {
  int64_t n, grain, units, chunks;
  ChunkFunction function;
  const void* context;
  char joined = 0;

  int64_t Border(int64_t chunk) const { return std::min(n, units * chunk / chunks * grain); }
  void Part(int64_t chunk) const { function(context, Border(chunk), Border(chunk + 1)); }
  void Run(int64_t chunk) {
    TakeOver(this);
    Part(chunk);
    HandOver(&joined);
  }
};

}  // namespace

void ParallelChunks(int64_t n, int64_t grain, int threads, ChunkFunction function, const void* context) {
  if (n <= 0) return;
  const int64_t units = (n + grain - 1) / grain;
  if (threads <= 1 || units == 1) return function(context, 0, n);
  if (Team* const team = Team::Current(); team != nullptr) {
    constexpr int64_t kChunksPerThread = 4;
    const int64_t chunks = std::min<int64_t>(units, kChunksPerThread * std::min(threads, team->members()));
    const Loop loop{n, grain, units, chunks, function, context};
    return team->Run(
        chunks, [](const void* l, int64_t chunk) { static_cast<const Loop*>(l)->Part(chunk); }, &loop);
  }
  const int64_t chunks = std::min<int64_t>(units, threads);
  Loop loop{n, grain, units, chunks, function, context};
  HandOver(&loop);
  tbb::this_task_arena::isolate([&loop, chunks] {
    tbb::parallel_for(
        int64_t{0}, chunks, int64_t{1}, [&loop](int64_t chunk) RETORT_BEFORE_TAKE_OVER { loop.Run(chunk); },
        tbb::static_partitioner());
  });
  TakeOver(&loop.joined);
}

void RunBeside(int threads, Call other, Call here) {
  if (threads <= 1) {
    here.function(here.context);
    return other.function(other.context);
  }
  // Isolated, so that the wait at the end runs this task and no other stage's.
  tbb::this_task_arena::isolate([&] {
    HandOver(&other);
    char done = 0;
    tbb::task_group group;
    group.run([&other, &done]() RETORT_BEFORE_TAKE_OVER {
      TakeOver(&other);
      other.function(other.context);
      HandOver(&done);
    });
    here.function(here.context);
    group.wait();
    TakeOver(&done);
  });
}

}  // namespace retort::internal

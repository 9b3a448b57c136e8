#include "core/device/cpu/parallel.h"

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>

namespace retort::internal {

void ParallelChunks(int64_t n, int64_t grain, int threads, ChunkFunction function, const void* context) {
  if (n <= 0) return;
  const int64_t units = (n + grain - 1) / grain;
  const int64_t chunks = std::min<int64_t>(units, threads);
  if (chunks <= 1) return function(context, 0, n);
  const auto border = [&](int64_t chunk) { return std::min(n, units * chunk / chunks * grain); };
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        int64_t{0}, chunks, int64_t{1}, [&](int64_t chunk) { function(context, border(chunk), border(chunk + 1)); },
        tbb::static_partitioner());
  });
}

}  // namespace retort::internal

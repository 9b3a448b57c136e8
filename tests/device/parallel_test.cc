#include "core/device/cpu/parallel.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

namespace retort {
namespace {

struct Chunk {
  int64_t begin, end;
  bool operator<(const Chunk& other) const { return begin < other.begin; }
};

std::vector<Chunk> ChunksOf(int64_t n, int64_t grain, int threads) {
  std::mutex mutex;
  std::vector<Chunk> chunks;
  ParallelFor(n, grain, threads, [&](int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex);
    chunks.push_back({begin, end});
  });
  std::sort(chunks.begin(), chunks.end());
  return chunks;
}

TEST(ParallelFor, CoversEveryIndexOnceInChunksOfTheGrain) {
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  for (const int64_t n : {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1000}) {
    for (const int64_t grain : {1, 4, 32, 5000}) {
      for (const int threads : {1, 2, 3, 4}) {
        const std::vector<Chunk> chunks = ChunksOf(n, grain, threads);
        ASSERT_LE(chunks.size(), static_cast<size_t>(threads));
        int64_t next = 0;
        for (const Chunk& chunk : chunks) {
          ASSERT_EQ(chunk.begin, next) << "n=" << n << " grain=" << grain << " threads=" << threads;
          ASSERT_LT(chunk.begin, chunk.end);
          ASSERT_EQ(chunk.begin % grain, 0);
          next = chunk.end;
        }
        ASSERT_EQ(next, n) << "n=" << n << " grain=" << grain << " threads=" << threads;
      }
    }
  }
}

TEST(ParallelFor, ChunksDependOnTheArgumentsAlone) {
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  const std::vector<Chunk> first = ChunksOf(1000, 8, 3);
  for (int i = 0; i < 100; ++i) {
    const std::vector<Chunk> again = ChunksOf(1000, 8, 3);
    ASSERT_TRUE(std::equal(first.begin(), first.end(), again.begin(), again.end(),
                           [](const Chunk& a, const Chunk& b) { return a.begin == b.begin && a.end == b.end; }));
  }
}

TEST(ParallelFor, WorksInTheCallersThreadWhereOneChunkIsEnough) {
  const auto caller = std::this_thread::get_id();
  for (const auto& [n, grain, threads] : {std::tuple<int64_t, int64_t, int>{100, 100, 4}, {1000, 1, 1}}) {
    ParallelFor(n, grain, threads, [&](int64_t, int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
  }
}

// A thread that waits for its kernel must not pick up another task of the graph: it would run a second stage on the
// first one's stack, in the middle of its step.
TEST(ParallelFor, TheWaitingThreadTakesNoTaskFromOutside) {
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 2);
  static thread_local bool in_kernel = false;
  static std::atomic<int> stolen, done;  // static, so that the thread sanitizer sees no unordered initialisation
  tbb::task_group outside;
  constexpr int kTasks = 400;
  for (int i = 0; i < kTasks; ++i) {
    outside.run([] {
      if (in_kernel) ++stolen;
      in_kernel = true;
      ParallelFor(8, 1, 2, [](int64_t begin, int64_t) {
        std::atomic<int> spin = 0;
        while (spin.fetch_add(1, std::memory_order_relaxed) < 200 * (1 + static_cast<int>(begin))) {
        }
      });
      in_kernel = false;
      ++done;
    });
  }
  outside.wait();
  EXPECT_EQ(done, kTasks);
  EXPECT_EQ(stolen, 0);
}

TEST(WithTeam, LoopsCoverEveryIndexOnceWhateverTheTeam) {
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  for (const int threads : {1, 2, 3, 4}) {
    std::vector<int> seen(1000, 0);
    WithTeam(threads, [&] {
      for (int round = 0; round < 200; ++round) {  // short loops, one after another, each reading what the last wrote
        ParallelFor(1000, 7, threads, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)] += 1;
        });
        ASSERT_TRUE(std::all_of(seen.begin(), seen.end(), [&](int n) { return n == round + 1; })) << threads;
      }
    });
  }
}

TEST(WithTeam, ChunksAreMultiplesOfTheGrainAndNestedTeamsAreOne) {
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  WithTeam(3, [&] {
    WithTeam(2, [&] {
      const std::vector<Chunk> chunks = ChunksOf(1000, 8, 3);
      ASSERT_GT(chunks.size(), 3U);
      int64_t next = 0;
      for (const Chunk& chunk : chunks) {
        ASSERT_EQ(chunk.begin, next);
        ASSERT_EQ(chunk.begin % 8, 0);
        next = chunk.end;
      }
      ASSERT_EQ(next, 1000);
    });
  });
}

TEST(WithTeam, NeedsNoHelperToCome) {
  // Every other thread of the pool is busy for as long as the team works.
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 2);
  // Static: the thread sanitizer does not see through a task that what it captures was made before it.
  static std::atomic<bool> done;
  static std::atomic<int> busy;
  done = false;
  busy = 0;
  tbb::task_group others;
  others.run([] {
    busy = 1;
    while (!done) std::this_thread::yield();
  });
  while (busy == 0) std::this_thread::yield();
  int64_t sum = 0;
  std::mutex mutex;
  WithTeam(2, [&] {
    ParallelFor(100, 1, 2, [&](int64_t begin, int64_t end) {
      const std::lock_guard lock(mutex);
      for (int64_t i = begin; i < end; ++i) sum += i;
    });
  });
  EXPECT_EQ(sum, 4950);
  done = true;
  others.wait();
}

TEST(Beside, RunsBothOnceAndReturnsWhenBothAreDone) {
  for (const int threads : {1, 2, 4}) {
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> others = 0;
      int here = 0;
      const std::thread::id caller = std::this_thread::get_id();
      Beside(
          threads, [&] { ++others; },
          [&] {
            EXPECT_EQ(std::this_thread::get_id(), caller);
            ParallelFor(64, 1, threads, [&](int64_t begin, int64_t end) { others += static_cast<int>(end - begin); });
            ++here;
          });
      ASSERT_EQ(others, 65);
      ASSERT_EQ(here, 1);
    }
  }
}

}  // namespace
}  // namespace retort

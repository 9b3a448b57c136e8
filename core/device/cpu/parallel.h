// Fork and join on oneTBB, for kernels.
// The calling thread works too, and while it waits it takes no other task: a kernel inside a stage never runs another
// stage on its own stack. Chunks are contiguous and their borders depend on n, grain and threads alone.
#pragma once

#include <cstdint>

namespace retort {

namespace internal {
using ChunkFunction = void (*)(const void* context, int64_t begin, int64_t end);
void ParallelChunks(int64_t n, int64_t grain, int threads, ChunkFunction function, const void* context);
using StepFunction = void (*)(const void* context);
void WithTeamOf(int threads, StepFunction function, const void* context);
struct Call {
  StepFunction function;
  const void* context;
};
void RunBeside(int threads, Call other, Call here);
template <typename Fn>
Call CallOf(const Fn& fn) {
  return {[](const void* context) { (*static_cast<const Fn*>(context))(); }, &fn};
}
}  // namespace internal

/// Call fn() with up to threads - 1 threads of the pool at hand, which share the loops that fn begins on the calling
/// thread: for code that has many short loops and little between them. See team.h. `fn` must not throw.
template <typename Fn>
void WithTeam(int threads, const Fn& fn) {
  const internal::Call call = internal::CallOf(fn);
  internal::WithTeamOf(threads, call.function, call.context);
}

/// Call here() on this thread and other() on another one of the pool at hand, or after here() where `threads` is 1 or
/// none is free. Returns when both are done. Neither may throw.
template <typename Other, typename Here>
void Beside(int threads, const Other& other, const Here& here) {
  internal::RunBeside(threads, internal::CallOf(other), internal::CallOf(here));
}

/// Call fn(begin, end) over [0, n) in chunks, each a multiple of `grain` long but the last: at most `threads` of them,
/// with a team a few times as many, so that a thread that is held up costs less. Runs inline when one chunk is enough.
/// `fn` must not throw.
template <typename Fn>
void ParallelFor(int64_t n, int64_t grain, int threads, const Fn& fn) {
  const auto call = [](const void* context, int64_t begin, int64_t end) {
    (*static_cast<const Fn*>(context))(begin, end);
  };
  internal::ParallelChunks(n, grain, threads, call, &fn);
}

}  // namespace retort

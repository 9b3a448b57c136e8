// Run a library's parallel work so that the waiting thread takes no task from outside it (see parallel.h).
#pragma once

#include <tbb/task_arena.h>

#include <utility>

namespace retort::cpu {

template <typename Fn>
void Isolated(Fn&& fn) {
  tbb::this_task_arena::isolate(std::forward<Fn>(fn));
}

}  // namespace retort::cpu

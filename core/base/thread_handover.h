// Tells the thread sanitizer what it cannot see in a prebuilt oneTBB: that what was done before a task was made is
// visible to the thread that runs it, and what the task did to whoever waits for the graph. Nothing in other builds.
#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
/// For a task's own function, which reads its captures before it can TakeOver.
#if defined(__clang__)
#define RETORT_BEFORE_TAKE_OVER __attribute__((no_sanitize_thread, noinline))
#else  // noipa: or g++ moves the reads into the caller
#define RETORT_BEFORE_TAKE_OVER __attribute__((no_sanitize_thread, noipa))
#endif
#else
#define RETORT_BEFORE_TAKE_OVER
#endif

namespace retort {

/// What this thread did so far is visible to those who TakeOver the same address later.
inline void HandOver([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(address);
#endif
}

inline void TakeOver([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(address);
#endif
}

}  // namespace retort

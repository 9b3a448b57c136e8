// Run a test once for each instruction set that this processor has kernels for.
#pragma once

#include <gtest/gtest.h>

#include <hwy/highway.h>
#include <string>

namespace retort {

/// While it lives, kernels are dispatched to `target`.
class ForcedTarget {
 public:
  explicit ForcedTarget(int64_t target) { Use(target); }
  ~ForcedTarget() { Use(0); }
  ForcedTarget(const ForcedTarget&) = delete;
  ForcedTarget& operator=(const ForcedTarget&) = delete;

 private:
  static void Use(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

/// fn() for each of the targets, named in the trace of what fails.
template <typename Fn>
void ForEachTarget(Fn&& fn) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(std::string("instruction set ") + hwy::TargetName(target));
    const ForcedTarget forced(target);
    fn();
  }
}

}  // namespace retort

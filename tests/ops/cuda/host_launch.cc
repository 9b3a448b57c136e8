// launch.h on the CPU: every index and every lane, one after the other, on memory that the host may touch.
#include "core/ops/cuda/launch.h"

#include <array>

#include "core/ops/cuda/kernel_list.h"

namespace retort::cuda {

template <class Kernel>
Status LaunchEach(const Kernel& kernel, Stream& /*stream*/) {
  const int64_t count = kernel.Count();
  for (int64_t i = 0; i < count; ++i) kernel(i);
  return {};
}

// The exchange of a warp: at each distance a lane merges its part with that of the lane whose number differs there.
template <class Kernel>
Status LaunchWarps(const Kernel& kernel, Stream& /*stream*/) {
  using Partial = typename Kernel::Partial;
  const int64_t count = kernel.Count();
  for (int64_t i = 0; i < count; ++i) {
    std::array<Partial, kLanes> parts;
    for (int lane = 0; lane < kLanes; ++lane) parts[lane] = kernel.Part(i, lane);
    for (int distance = kLanes / 2; distance > 0; distance /= 2) {
      const std::array<Partial, kLanes> before = parts;
      for (int lane = 0; lane < kLanes; ++lane) {
        parts[lane] = Kernel::Merge(before[lane], before[lane ^ distance]);
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) kernel.Finish(i, lane, parts[lane]);
  }
  return {};
}

#define RETORT_EACH(...) template Status LaunchEach(const __VA_ARGS__&, Stream&);
#define RETORT_WARPS(...) template Status LaunchWarps(const __VA_ARGS__&, Stream&);
RETORT_CUDA_KERNELS(RETORT_EACH, RETORT_WARPS)

}  // namespace retort::cuda

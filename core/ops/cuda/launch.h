// How kernels (kernels/host_device.h says what one is) are run. The module implements this with CUDA in launch.cu; the
// tests implement it with loops, so that the same functors and the same KernelOpSet run on the CPU.
#pragma once

#include "core/device/device.h"

namespace retort::cuda {

/// Enqueue an `each` kernel on `stream`. Errors: what the runtime says of the launch.
template <class Kernel>
Status LaunchEach(const Kernel& kernel, Stream& stream);

/// Enqueue a `warps` kernel on `stream`; likewise.
template <class Kernel>
Status LaunchWarps(const Kernel& kernel, Stream& stream);

}  // namespace retort::cuda

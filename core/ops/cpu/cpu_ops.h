// The operations on the CPU: own SIMD kernels and oneDNN, on oneTBB.
#pragma once

#include <memory>

#include "core/ops/ops.h"

namespace retort {

std::unique_ptr<OpSet> MakeCpuOps(Device& device);

}  // namespace retort

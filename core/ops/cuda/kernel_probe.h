// Whether a GPU can run the kernels that this module was built with.
#pragma once

#include "core/device/device.h"

namespace retort::cuda {

/// The device must be the thread's current one. Errors: kUnsupported if the module has no code for its architecture.
Status ProbeKernels(const Device& device);

}  // namespace retort::cuda

// How errors of the CUDA runtime become a Status.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

#include "retort/status.h"

namespace retort {

/// OK for cudaSuccess, else "<what>: <error's name>: <error's text>" with kResourceExhausted for memory, kUnsupported
/// for a driver, GPU or kernel that is not there, kInternal for the rest. Clears the runtime's last error, so that the
/// next launch does not report it again; an error that corrupted the context comes back from every later call.
Status CudaStatus(cudaError_t error, std::string_view what);

}  // namespace retort

// Modules that must be refused. CMake builds this file once for each; a call of the function would end the test.
#include <cstdint>
#include <cstdlib>

#include "core/device/cuda_module.h"

#define RETORT_EXPORT extern "C" __attribute__((visibility("default")))

#ifdef RETORT_CANARY_VERSIONS_AHEAD
RETORT_EXPORT const uint32_t retort_cuda_module_version;
const uint32_t retort_cuda_module_version = retort::kCudaModuleVersion + RETORT_CANARY_VERSIONS_AHEAD;
#endif

RETORT_EXPORT int32_t retort_cuda_open() { std::abort(); }

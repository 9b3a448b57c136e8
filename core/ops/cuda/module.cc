// The symbols of libretort_cuda.so (core/device/cuda_module.h).
#include <cstdio>
#include <memory>
#include <utility>

#include "core/device/cuda/cuda_device.h"
#include "core/device/cuda_module.h"
#include "core/ops/cuda/kernel_op_set.h"
#include "core/ops/cuda/kernel_probe.h"

#define RETORT_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

int32_t Report(const retort::Status& status, char* error, size_t error_size) {
  if (error != nullptr && error_size > 0) std::snprintf(error, error_size, "%s", status.message().c_str());
  return static_cast<int32_t>(status.code());
}

retort::Result<std::unique_ptr<retort::OpSet>> MakeOps(retort::Device& device) {
  if (device.info().kind != retort::DeviceKind::kCuda) {
    return retort::InvalidArgument("the CUDA module has operations for CUDA devices only, not for " +
                                   device.info().name);
  }
  RETORT_ASSIGN_OR_RETURN(auto ops, retort::cuda::KernelOpSet::Create(device));  // selects the device
  RETORT_RETURN_IF_ERROR(retort::cuda::ProbeKernels(device));
  return std::unique_ptr<retort::OpSet>(std::move(ops));
}

}  // namespace

RETORT_EXPORT const uint32_t retort_cuda_module_version;
const uint32_t retort_cuda_module_version = retort::kCudaModuleVersion;

RETORT_EXPORT int32_t retort_cuda_open(int32_t index, retort::Device** device, char* error, size_t error_size) {
  auto opened = retort::CudaDevice::Open(index);
  if (!opened.ok()) return Report(opened.status(), error, error_size);
  *device = opened->release();
  return 0;
}

RETORT_EXPORT int32_t retort_cuda_ops(retort::Device* device, retort::OpSet** ops, char* error, size_t error_size) {
  auto made = MakeOps(*device);
  if (!made.ok()) return Report(made.status(), error, error_size);
  *ops = made->release();
  return 0;
}

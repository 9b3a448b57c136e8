#include "core/ops/cuda/launch.h"

#include <algorithm>

#include "core/device/cuda/cuda_device.h"
#include "core/device/cuda/cuda_status.h"
#include "core/ops/cuda/kernel_list.h"
#include "core/ops/cuda/kernel_probe.h"

namespace retort::cuda {
namespace {

constexpr int kThreads = 256;            // in a block
constexpr int64_t kMaxBlocks = 1 << 20;  // beyond it threads go round

template <class Kernel>
__global__ void __launch_bounds__(kThreads) RunEach(const Kernel kernel) {
  const int64_t count = kernel.Count();
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) kernel(i);
}

template <class Kernel>
__global__ void __launch_bounds__(kThreads) RunWarps(const Kernel kernel) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int64_t count = kernel.Count();
  const int64_t step = int64_t{gridDim.x} * (kThreads / kLanes);
  // The index is the same for all lanes of a warp, so that none is missing where they exchange their parts.
  for (int64_t i = int64_t{blockIdx.x} * (kThreads / kLanes) + threadIdx.x / kLanes; i < count; i += step) {
    typename Kernel::Partial part = kernel.Part(i, lane);
    for (int distance = kLanes / 2; distance > 0; distance /= 2) {
      typename Kernel::Partial other;
      RETORT_UNROLL
      for (int j = 0; j < Kernel::Partial::kSize; ++j) {
        other.v[j] = __shfl_xor_sync(0xffffffffu, part.v[j], distance, kLanes);
      }
      part = Kernel::Merge(part, other);
    }
    kernel.Finish(i, lane, part);
  }
}

template <class Kernel>
Status Launch(void (*body)(const Kernel), const Kernel& kernel, int64_t threads, Stream& stream) {
  if (threads == 0) return {};
  const auto& cuda_stream = static_cast<const CudaStream&>(stream);
  RETORT_RETURN_IF_ERROR(CudaStatus(cudaSetDevice(cuda_stream.device_index()), "cudaSetDevice"));
  const int64_t blocks = std::min((threads + kThreads - 1) / kThreads, kMaxBlocks);
  body<<<static_cast<unsigned>(blocks), kThreads, 0, cuda_stream.get()>>>(kernel);
  return CudaStatus(cudaGetLastError(), "launching a kernel");
}

}  // namespace

template <class Kernel>
Status LaunchEach(const Kernel& kernel, Stream& stream) {
  return Launch<Kernel>(RunEach<Kernel>, kernel, kernel.Count(), stream);
}

template <class Kernel>
Status LaunchWarps(const Kernel& kernel, Stream& stream) {
  return Launch<Kernel>(RunWarps<Kernel>, kernel, kernel.Count() * kLanes, stream);
}

#define RETORT_EACH(...) template Status LaunchEach(const __VA_ARGS__&, Stream&);
#define RETORT_WARPS(...) template Status LaunchWarps(const __VA_ARGS__&, Stream&);
RETORT_CUDA_KERNELS(RETORT_EACH, RETORT_WARPS)

Status ProbeKernels(const Device& device) {
  cudaFuncAttributes attributes;
  const cudaError_t error = cudaFuncGetAttributes(&attributes, RunWarps<RmsNorm>);
  return CudaStatus(error, device.info().name + " (" + device.info().description + ") cannot run this build's kernels");
}

}  // namespace retort::cuda

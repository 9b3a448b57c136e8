// One GPU behind the Device interface, on the CUDA runtime. Part of libretort_cuda.so; the core never includes this.
// Thread-safety: as Device. Every call selects its GPU first, since CUDA keeps the current one per thread.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "core/device/device.h"

namespace retort {

/// A stream that does not wait for the legacy default stream, nor makes it wait.
class CudaStream final : public Stream {
 public:
  CudaStream(int index, cudaStream_t stream) : index_(index), stream_(stream) {}
  ~CudaStream() override;
  Status Synchronize() override;
  cudaStream_t get() const { return stream_; }
  int device_index() const { return index_; }

 private:
  int index_;
  cudaStream_t stream_;
};

class CudaDevice final : public Device {
 public:
  /// Errors: kUnsupported if there is no driver or no GPU, with the driver's reason; kNotFound for an index beyond the
  /// GPUs there are.
  static Result<std::unique_ptr<CudaDevice>> Open(int index);

  const DeviceInfo& info() const override { return info_; }
  Result<std::unique_ptr<Buffer>> Allocate(size_t bytes) override;
  Result<std::unique_ptr<Stream>> CreateStream() override;
  Status CopyFromHost(void* dst, const void* src, size_t bytes, Stream& stream) override;
  Status CopyToHost(void* dst, const void* src, size_t bytes, Stream& stream) override;
  Status CopyOnDevice(void* dst, const void* src, size_t bytes, Stream& stream) override;

 private:
  CudaDevice(int index, DeviceInfo info) : index_(index), info_(std::move(info)) {}
  Status Copy(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind, Stream& stream);

  int index_;
  DeviceInfo info_;
};

}  // namespace retort

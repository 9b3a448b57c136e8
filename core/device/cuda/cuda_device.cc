#include "core/device/cuda/cuda_device.h"

#include <string>
#include <utility>

#include "core/device/cuda/cuda_status.h"

namespace retort {
namespace {

std::string Name(int index) { return "cuda:" + std::to_string(index); }

Status Select(int index) { return CudaStatus(cudaSetDevice(index), Name(index)); }

std::string VersionText(int version) {  // 13000 -> "13.0"
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// What the driver's version says about a refused device count.
std::string DriverText() {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return "no NVIDIA driver is loaded";
  return "the NVIDIA driver serves CUDA " + VersionText(driver);
}

class CudaBuffer final : public Buffer {
 public:
  CudaBuffer(const Device& device, int index, void* data, size_t size) : Buffer(device, data, size), index_(index) {}
  ~CudaBuffer() override {
    // Waits for work that may still read the memory. Nobody is left to hear of an error.
    if (Select(index_).ok()) static_cast<void>(CudaStatus(cudaFree(data_), "cudaFree"));
  }
  void* host_data() const override { return nullptr; }

 private:
  int index_;
};

}  // namespace

CudaStream::~CudaStream() {
  if (Select(index_).ok()) static_cast<void>(CudaStatus(cudaStreamDestroy(stream_), "cudaStreamDestroy"));
}

Status CudaStream::Synchronize() {
  RETORT_RETURN_IF_ERROR(Select(index_));
  return CudaStatus(cudaStreamSynchronize(stream_), Name(index_) + ": waiting for the stream");
}

Result<std::unique_ptr<CudaDevice>> CudaDevice::Open(int index) {
  int count = 0;
  if (const Status status = CudaStatus(cudaGetDeviceCount(&count), "cudaGetDeviceCount"); !status.ok()) {
    return Status(status.code(), Name(index) + ": no CUDA device: " + DriverText() + ", this build needs CUDA " +
                                     VersionText(CUDART_VERSION) + "'s (" + status.message() + "); use device: cpu");
  }
  if (count == 0) return Unsupported(Name(index) + ": no CUDA device: the driver lists none; use device: cpu");
  if (index < 0 || index >= count) {
    return NotFound(Name(index) + ": no such GPU; this machine has cuda:0" +
                    (count > 1 ? " to " + Name(count - 1) : std::string()));
  }
  RETORT_RETURN_IF_ERROR(Select(index));
  cudaDeviceProp properties{};
  RETORT_RETURN_IF_ERROR(
      CudaStatus(cudaGetDeviceProperties(&properties, index), Name(index) + ": reading its properties"));
  DeviceInfo info;
  info.kind = DeviceKind::kCuda;
  info.name = Name(index);
  info.description = std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." +
                     std::to_string(properties.minor) + ", " + std::to_string(properties.multiProcessorCount) +
                     " multiprocessors";
  info.total_memory = properties.totalGlobalMem;
  return std::unique_ptr<CudaDevice>(new CudaDevice(index, std::move(info)));
}

Result<std::unique_ptr<Buffer>> CudaDevice::Allocate(size_t bytes) {
  RETORT_RETURN_IF_ERROR(Select(index_));
  void* data = nullptr;
  if (const Status status = CudaStatus(cudaMalloc(&data, bytes), "cudaMalloc"); !status.ok()) {
    size_t available = 0;
    size_t total = 0;
    const bool known = cudaMemGetInfo(&available, &total) == cudaSuccess;
    return Status(status.code(),
                  info_.name + ": cannot allocate " + std::to_string(bytes) + " bytes" +
                      (known ? ", " + std::to_string(available) + " of " + std::to_string(total) + " are free" : "") +
                      " (" + status.message() + ")");
  }
  return std::unique_ptr<Buffer>(new CudaBuffer(*this, index_, data, bytes));
}

Result<std::unique_ptr<Stream>> CudaDevice::CreateStream() {
  RETORT_RETURN_IF_ERROR(Select(index_));
  cudaStream_t stream = nullptr;
  RETORT_RETURN_IF_ERROR(
      CudaStatus(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), info_.name + ": making a stream"));
  return std::unique_ptr<Stream>(new CudaStream(index_, stream));
}

Status CudaDevice::Copy(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind, Stream& stream) {
  if (bytes == 0) return {};
  RETORT_RETURN_IF_ERROR(Select(index_));
  const cudaError_t error = cudaMemcpyAsync(dst, src, bytes, kind, static_cast<CudaStream&>(stream).get());
  if (error == cudaSuccess) return {};
  return CudaStatus(error, info_.name + ": copying " + std::to_string(bytes) + " bytes");
}

Status CudaDevice::CopyFromHost(void* dst, const void* src, size_t bytes, Stream& stream) {
  return Copy(dst, src, bytes, cudaMemcpyHostToDevice, stream);
}

Status CudaDevice::CopyToHost(void* dst, const void* src, size_t bytes, Stream& stream) {
  return Copy(dst, src, bytes, cudaMemcpyDeviceToHost, stream);
}

Status CudaDevice::CopyOnDevice(void* dst, const void* src, size_t bytes, Stream& stream) {
  return Copy(dst, src, bytes, cudaMemcpyDeviceToDevice, stream);
}

}  // namespace retort

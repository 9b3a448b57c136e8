// Devices, their memory and their streams. A device knows bytes, not tensors.
// Nothing here assumes that the host may read a device's memory: Buffer::host_data() is null where it may not.
// Thread-safety: a Device may be used from any thread; a Stream by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

/// Values cross the plugin ABI (retort_device_kind).
enum class DeviceKind : int32_t { kRef = 0, kCpu = 1, kCuda = 2 };

class Device;

/// Device memory. Owns it; freed with the object. The Device must outlive its buffers.
class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  size_t size() const { return size_; }
  /// Address in the device's own address space; on `ref` and `cpu` equal to host_data().
  void* data() const { return data_; }
  /// Address the host may read and write, or null.
  virtual void* host_data() const = 0;
  const Device& device() const { return device_; }

 protected:
  Buffer(const Device& device, void* data, size_t size) : device_(device), data_(data), size_(size) {}
  const Device& device_;
  void* data_;
  size_t size_;
};

/// An ordered queue of work. On `ref` and `cpu` work is done when the call returns.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Wait until everything enqueued so far is done. Errors: what the device reported since the last wait.
  virtual Status Synchronize() = 0;
};

struct DeviceInfo {
  DeviceKind kind = DeviceKind::kRef;
  std::string name;         // "cpu"
  std::string description;  // processor or board, instruction sets in use
  size_t total_memory = 0;  // bytes; 0 = unknown
  int threads = 1;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;
  /// Uninitialised memory, aligned to 64 bytes at least. Errors: kResourceExhausted with the size asked for.
  virtual Result<std::unique_ptr<Buffer>> Allocate(size_t bytes) = 0;
  virtual Result<std::unique_ptr<Stream>> CreateStream() = 0;
  /// Copies are enqueued on `stream`; host memory must stay valid until it is synchronised.
  virtual Status CopyFromHost(void* dst, const void* src, size_t bytes, Stream& stream) = 0;
  virtual Status CopyToHost(void* dst, const void* src, size_t bytes, Stream& stream) = 0;
  virtual Status CopyOnDevice(void* dst, const void* src, size_t bytes, Stream& stream) = 0;
};

/// Open a device by name: "ref", "cpu", "cuda", "cuda:1". Options apply to `cpu`: threads 0 = one
/// for each core that this process may use.
/// Errors: kNotFound with the names known, kUnsupported with the loader's reason where a module cannot be loaded.
Result<std::shared_ptr<Device>> OpenDevice(std::string_view name, int threads = 0);

}  // namespace retort

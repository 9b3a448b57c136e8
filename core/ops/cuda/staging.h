// Small host data that kernels read: token ids, positions, page tables.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/device/device.h"

namespace retort::cuda {

/// A block of host memory and its mirror on the device, filled front to back. As Device::CopyFromHost asks, host bytes
/// stay untouched until the stream has been synchronised: that happens here each time the block is full.
/// Thread-safety: none. A stream other than the last one may come only after the last one was synchronised.
class Staging {
 public:
  explicit Staging(Device& device) : device_(device) {}

  /// Copy `bytes` of `data` to the device in stream order. The result is valid for work enqueued before the next Put.
  Result<const void*> Put(const void* data, size_t bytes, Stream& stream);

 private:
  Device& device_;
  std::vector<std::byte> host_;
  std::unique_ptr<Buffer> mirror_;
  size_t used_ = 0;
};

}  // namespace retort::cuda

// Memory for packed weights, in pieces large enough for huge pages.
// A decoding step reads every weight once, so address translation is on its way: on two cores of a virtual machine a
// plain read of 256 MiB was measured at 17.6 GB/s in 4 KiB pages and at 28.1 GB/s in 2 MiB ones. Matrices of a small
// model are smaller than that; side by side in one piece they share pages.
#pragma once

#include <cstddef>
#include <memory>

#include "core/device/device.h"

namespace retort::cpu {

/// Memory that lasts as long as its holder; the piece it lies in is freed with its last holder.
using WeightMemory = std::shared_ptr<std::byte>;

/// Not thread-safe. May be destroyed before what it gave; the device may not.
class WeightArena {
 public:
  explicit WeightArena(Device& device) : device_(device) {}
  /// Uninitialised, aligned to 64 bytes. Errors: those of Device::Allocate.
  Result<WeightMemory> Allocate(size_t bytes);

 private:
  Device& device_;
  std::shared_ptr<Buffer> piece_;
  size_t used_ = 0;
};

}  // namespace retort::cpu

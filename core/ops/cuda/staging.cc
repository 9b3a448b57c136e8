#include "core/ops/cuda/staging.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace retort::cuda {
namespace {

constexpr size_t kFirstCapacity = size_t{1} << 20;
constexpr size_t kAlignment = 64;

}  // namespace

Result<const void*> Staging::Put(const void* data, size_t bytes, Stream& stream) {
  if (used_ + bytes > host_.size()) {
    RETORT_RETURN_IF_ERROR(stream.Synchronize());
    used_ = 0;
    if (bytes > host_.size()) {
      const size_t capacity = std::max({kFirstCapacity, 2 * host_.size(), bytes});
      RETORT_ASSIGN_OR_RETURN(mirror_, device_.Allocate(capacity));
      host_.resize(capacity);
    }
  }
  std::memcpy(host_.data() + used_, data, bytes);
  void* on_device = static_cast<std::byte*>(mirror_->data()) + used_;
  RETORT_RETURN_IF_ERROR(device_.CopyFromHost(on_device, host_.data() + used_, bytes, stream));
  used_ = std::min(host_.size(), (used_ + bytes + kAlignment - 1) / kAlignment * kAlignment);
  return on_device;
}

}  // namespace retort::cuda

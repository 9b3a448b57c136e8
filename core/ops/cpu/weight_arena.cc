#include "core/ops/cpu/weight_arena.h"

#include <algorithm>

namespace retort::cpu {

Result<WeightMemory> WeightArena::Allocate(size_t bytes) {
  constexpr size_t kPiece = size_t{32} << 20;
  constexpr size_t kAlignment = 64;
  if (piece_ == nullptr || bytes > piece_->size() - used_) {
    RETORT_ASSIGN_OR_RETURN(piece_, device_.Allocate(std::max(bytes, kPiece)));
    used_ = 0;
  }
  std::byte* const memory = static_cast<std::byte*>(piece_->data()) + used_;
  used_ = std::min(piece_->size(), (used_ + bytes + kAlignment - 1) / kAlignment * kAlignment);
  return WeightMemory(piece_, memory);
}

}  // namespace retort::cpu

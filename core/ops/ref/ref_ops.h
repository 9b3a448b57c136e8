// The oracle: every operation as plain loops on host memory, in float with double sums, one thread.
#pragma once

#include <memory>

#include "core/ops/ops.h"

namespace retort {

std::unique_ptr<OpSet> MakeRefOps(Device& device);

/// A weight left where it lies (the mapped file): what `ref` uses, and the base of `cpu`'s.
class MappedWeight : public PackedWeight {
 public:
  const void* data = nullptr;
  size_t owned_bytes() const override { return 0; }
  const void* Row(int64_t row) const { return static_cast<const char*>(data) + row * DTypeRowBytes(type, k); }
};

/// Errors: kInvalidArgument for an empty shape or a k that is no multiple of the type's block.
Status CheckWeightShape(DType type, int64_t n, int64_t k);

/// Errors: kInvalidArgument if the key/value heads do not divide the query heads.
Status CheckAttentionHeads(int heads, const KvLayout& layout);

/// One move of OpSet::MoveKv, between pages that the host may touch.
void MoveKvSlot(const KvMove& move, const KvLayout& layout);

}  // namespace retort

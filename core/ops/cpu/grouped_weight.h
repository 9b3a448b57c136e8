// Weights packed for the CPU kernels: groups of rows, interleaved so that a vector lane is an output.
// GGUF rows lie one after another, so a kernel that reads them ends each block with sums across lanes and scales each
// row's block by itself. Interleaved, vectors hold the same inputs of sixteen rows: no sums across lanes, one load for
// all scales, activations broadcast. Measured on AVX2 this halves the instructions of a q4_1 block, which takes
// decoding from compute bound to memory bound and a row of a wide step to two thirds of its time. The groups are the
// only copy: whatever needs a row takes it out of its group, and the mapped original is given back after packing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/ops/cpu/weight_arena.h"
#include "core/ops/cpu/weight_group.h"
#include "core/ops/ops.h"

namespace retort::cpu {

/// A matrix as groups. Rows beyond n in the last group are zero.
class GroupedWeight final : public PackedWeight {
 public:
  /// A matrix [n, k] that PackGroups has yet to fill. Errors: kResourceExhausted.
  static Result<std::unique_ptr<GroupedWeight>> Allocate(WeightArena& arena, DType type, int64_t n, int64_t k);
  /// Fill groups [begin, end) from the matrix's GGUF rows, which are read no more afterwards. Thread-safe.
  void PackGroups(const void* data, int64_t begin, int64_t end);
  /// Both, with `threads` threads. Errors: kResourceExhausted.
  static Result<std::unique_ptr<GroupedWeight>> Pack(WeightArena& arena, int threads, DType type, const void* data,
                                                     int64_t n, int64_t k);

  size_t owned_bytes() const override { return static_cast<size_t>(group_count()) * group_bytes(); }
  int group_rows() const { return GroupRows(type); }
  int64_t group_count() const { return (n + group_rows() - 1) / group_rows(); }
  size_t group_bytes() const { return GroupBytes(type, k); }
  const std::byte* Group(int64_t group) const { return groups_.get() + static_cast<size_t>(group) * group_bytes(); }
  /// The first n rows, in the same memory.
  std::unique_ptr<GroupedWeight> FirstRows(int64_t count) const {
    auto first = std::make_unique<GroupedWeight>(*this);
    first->n = count;
    return first;
  }
  /// One row [k] as floats, bit for bit what DequantiseRow gives. Scalar.
  void ExpandRow(int64_t row, float* out) const;

 private:
  WeightMemory groups_;
};

}  // namespace retort::cpu

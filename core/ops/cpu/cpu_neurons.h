// NeuronOps of the CPU.
#pragma once

#include <memory>
#include <vector>

#include "core/ops/cpu/sparse_feed_forward.h"

namespace retort::cpu {

class CpuNeurons final : public NeuronOps {
 public:
  /// `arena` must outlive the object.
  CpuNeurons(WeightArena& arena, int threads) : arena_(arena), threads_(threads) {}

  Result<std::unique_ptr<PackedNeurons>> Pack(std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                              const PackedWeight& down) override;
  Result<std::unique_ptr<PackedWeight>> FirstRows(const PackedWeight& w, int64_t n) override;
  Status FeedForward(const RowSource& rows, const float* silu, const PackedNeurons& w,
                     std::span<const NeuronList> lists, float* y, int64_t t, Precision precision,
                     Stream& stream) override;
  Status Choose(float* gate, int64_t t, int64_t f, const NeuronRule& rule, NeuronLists* lists, Stream& stream) override;
  Status AddShares(const float* z, int64_t t, int64_t f, float* sums, Stream& stream) override;

 private:
  WeightArena& arena_;
  const int threads_;
  SparseFeedForward feed_forward_;
  std::vector<float> weights_;  // of rows
};

}  // namespace retort::cpu

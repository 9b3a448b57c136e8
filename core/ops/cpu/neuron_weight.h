// A feed-forward part packed by neuron: whatever a neuron needs lies in one piece of memory, so that a list of neurons
// is read as a few long pieces and those left out are not touched. A kernel can walk any list, so nothing is gathered
// for a prompt, and the sequences of a batch use one copy with lists of their own.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/ops/cpu/grouped_weight.h"
#include "core/ops/cpu/weight_arena.h"
#include "core/ops/neurons.h"

namespace retort::cpu {

/// Where a neuron's rows lie in its piece. A row has `stride` elements: K, then zeros.
/// Float types: gate, up, down. q8_0: the bytes of gate, the half scales of gate, up and down (one each 32 elements),
/// the bytes of up, those of down. Bytes of gate and up are the integers plus 128, which is how sums of byte products
/// take them; those of down are the integers.
struct NeuronLayout {
  NeuronLayout() = default;
  NeuronLayout(DType type, int64_t k);

  static constexpr int64_t kStride = 64;  // elements that a row is rounded up to
  int64_t stride = 0;
  size_t up = 0, down = 0;  // offsets; gate lies at 0
  size_t scales = 0;        // of q8_0
  size_t bytes = 0;         // of a neuron, a multiple of 64
  int64_t blocks() const { return stride / kQuantBlock; }
};

class NeuronWeight final : public PackedNeurons {
 public:
  /// The matrices are GroupedWeights whose shapes fit. Errors: kResourceExhausted.
  static Result<std::unique_ptr<NeuronWeight>> Pack(WeightArena& arena, int threads, DType type,
                                                    std::span<const std::unique_ptr<PackedWeight>> gate_up,
                                                    const PackedWeight& down);

  size_t owned_bytes() const override { return static_cast<size_t>(neurons) * layout_.bytes; }
  const NeuronLayout& layout() const { return layout_; }
  const std::byte* Neuron(int64_t neuron) const { return memory_.get() + static_cast<size_t>(neuron) * layout_.bytes; }

 private:
  std::byte* Neuron(int64_t neuron) { return memory_.get() + static_cast<size_t>(neuron) * layout_.bytes; }
  /// Rows of gate or up, `row` of a stack.
  void PackRow(const GroupedWeight& from, int64_t row, int64_t neuron, bool is_up);
  /// Inputs [begin, begin + 32) of the columns of all neurons.
  void PackColumns(const GroupedWeight& down, int64_t begin);

  NeuronLayout layout_;
  WeightMemory memory_;
};

}  // namespace retort::cpu

// A model's weights on its device: matrices packed for MatMul, vectors as floats.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/model/model.h"
#include "core/model/tensor_file.h"

namespace retort {

/// A device array of floats.
struct FloatVector {
  std::unique_ptr<Buffer> buffer;
  const float* data() const { return buffer == nullptr ? nullptr : static_cast<const float*>(buffer->data()); }
};

/// Matrices of the same inputs on top of each other, whose outputs lie side by side in one row. Those that are adjacent
/// in memory and of one type are one part, so that one MatMul serves them.
struct StackedWeight {
  std::vector<std::unique_ptr<PackedWeight>> parts;
};

struct LayerWeights {
  FloatVector attention_norm, ffn_norm;
  StackedWeight qvk;  // in this order, which is how converters write q and v
  std::unique_ptr<PackedWeight> output;
  FloatVector q_bias, k_bias, v_bias;  // empty without attention_bias
  FloatVector q_norm, k_norm;          // empty without qk_norm
  StackedWeight gate_up;
  std::unique_ptr<PackedWeight> down;
};

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
/// Host memory of matrices that were converted at load.
using ConvertedMemory = std::unique_ptr<std::byte[], FreeMemory>;

/// Whether rows of k elements can be kept in `type`; where they do not divide into its blocks they stay as they are.
inline bool CanConvertRows(int64_t k, DType type) { return k % DTypeBlockElements(type) == 0; }

struct Weights {
  std::unique_ptr<PackedWeight> embedding;
  std::unique_ptr<PackedWeight> output;  // null where tied to the embedding
  FloatVector output_norm, inverse_frequencies;
  std::vector<LayerWeights> layers;
  std::vector<ConvertedMemory> converted;  // where the device reads it
  size_t bytes = 0;                        // of what a step reads: the packed copies, or their source

  const PackedWeight& logits() const { return output != nullptr ? *output : *embedding; }
};

/// Read, check, convert (`config.weights`) and pack. `file` must outlive the result.
/// Errors: those of TensorFile::GetTensor and OpSet::PackWeight; kInvalidArgument for an unknown `config.weights`;
/// kUnsupported if the file has a tensor that this architecture does not use, which would change the result.
Result<Weights> LoadWeights(const TensorFile& file, const ModelHyper& hyper, const ModelConfig& config, OpSet& ops);

}  // namespace retort

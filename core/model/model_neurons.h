// A model's feed-forward parts by neuron, made when a sparse part of the model is first wanted.
#pragma once

#include <memory>
#include <vector>

#include "core/model/sparsity.h"
#include "core/model/weights.h"

namespace retort {

/// Of one layer; both null where no sparse part runs it.
struct LayerNeurons {
  std::unique_ptr<PackedWeight> gate;  // the dense matrix, in its own memory
  std::unique_ptr<PackedNeurons> packed;
};

/// Errors: kUnsupported where the device lacks the kernels of sparse parts.
Status CheckNeuronOps(OpSet& ops);

class ModelNeurons {
 public:
  /// Pack the layers that `sparsity` leaves neurons of out of, as far as they are not.
  /// Errors: kUnsupported where the device lacks the kernels; those of NeuronOps::Pack.
  Status Prepare(const Sparsity& sparsity, const Weights& weights, OpSet& ops);

  const std::vector<LayerNeurons>& layers() const { return layers_; }
  bool Has(const Sparsity& sparsity) const;
  /// Whether a coarse part was prepared, so that prompts are asked about their neurons.
  bool gathers() const { return gathers_; }
  size_t bytes() const;

 private:
  std::vector<LayerNeurons> layers_;
  bool gathers_ = false;
};

}  // namespace retort

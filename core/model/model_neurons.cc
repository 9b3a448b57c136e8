#include "core/model/model_neurons.h"

#include <string>

namespace retort {

Status CheckNeuronOps(OpSet& ops) {
  if (ops.neurons() != nullptr) return {};
  return Unsupported("sparsity: device `" + ops.device().info().name +
                     "` has no kernels for feed-forward parts by neuron; use device: cpu");
}

Status ModelNeurons::Prepare(const Sparsity& sparsity, const Weights& weights, OpSet& ops) {
  if (!sparsity.any()) return {};
  RETORT_RETURN_IF_ERROR(CheckNeuronOps(ops));
  NeuronOps* const neurons = ops.neurons();
  layers_.resize(weights.layers.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    LayerNeurons& layer = layers_[i];
    if (sparsity.Dense(static_cast<int32_t>(i)) || layer.packed != nullptr) continue;
    const LayerWeights& dense = weights.layers[i];
    auto packed = neurons->Pack(dense.gate_up.parts, *dense.down);
    if (!packed.ok()) return packed.status().Annotate("layer " + std::to_string(i));
    RETORT_ASSIGN_OR_RETURN(layer.gate, neurons->FirstRows(*dense.gate_up.parts.front(), (*packed)->neurons));
    layer.packed = *std::move(packed);
  }
  gathers_ = gathers_ || sparsity.kind == SparsityKind::kCoarse;
  return {};
}

bool ModelNeurons::Has(const Sparsity& sparsity) const {
  if (!sparsity.any()) return true;
  for (size_t i = 0; i < sparsity.density.size(); ++i) {
    if (sparsity.Dense(static_cast<int32_t>(i))) continue;
    if (i >= layers_.size() || layers_[i].packed == nullptr) return false;
  }
  return sparsity.kind != SparsityKind::kCoarse || gathers_;
}

size_t ModelNeurons::bytes() const {
  size_t bytes = 0;
  for (const LayerNeurons& layer : layers_) bytes += layer.packed == nullptr ? 0 : layer.packed->owned_bytes();
  return bytes;
}

}  // namespace retort

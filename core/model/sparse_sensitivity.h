// What sparsity of one layer alone does to a model's predictions.
#pragma once

#include <span>
#include <vector>

#include "core/model/sparsity.h"
#include "core/model/written_text.h"

namespace retort {

/// Means over tokens, added some of each text at a time. For one thread.
class LayerSensitivity {
 public:
  /// `densities`: each layer is tried at each. `model` must outlive the object, and be prepared for the kind.
  LayerSensitivity(Model& model, SparsityKind kind, std::vector<double> densities);

  /// Of each text run `count` tokens by the whole model, from `first` on after the prompt, then with each layer sparse
  /// at each density, all texts in a step, and add KL(whole model || other) of each token. Texts that are shorter give
  /// what they have. Their keys and values are those of the whole model and were made after the kind was prepared.
  /// Errors: those of Forward and ForwardPart.
  Status Add(std::span<const WrittenText> texts, size_t first, size_t count);

  int64_t tokens() const { return tokens_; }
  /// KL in nats a token, [layers, densities].
  std::vector<std::vector<double>> Means() const;

 private:
  Status RunTokens(std::span<const WrittenText> texts, size_t first, size_t count, const ModelPart& part,
                   std::vector<float>* logits);

  Model& model_;
  const SparsityKind kind_;
  const std::vector<double> densities_;
  std::vector<std::vector<double>> sums_;
  int64_t tokens_ = 0;
};

}  // namespace retort

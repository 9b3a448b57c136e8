// What sparsity of one layer alone does to a model's predictions.
#pragma once

#include <span>
#include <vector>

#include "core/model/sparsity.h"
#include "core/model/written_text.h"

namespace retort {

/// Means over tokens, added text by text. For one thread.
class LayerSensitivity {
 public:
  /// `densities`: each layer is tried at each. `model` must outlive the object, and be prepared for the kind.
  LayerSensitivity(Model& model, SparsityKind kind, std::vector<double> densities);

  /// Run the tokens after a text's prompt by the whole model, then with each layer sparse at each density, which is one
  /// step of all tokens each, and add KL(whole model || other) of each token. The text's keys and values are those of
  /// the whole model and were made after the kind was prepared. Errors: those of Forward and ForwardPart.
  Status Add(const WrittenText& text);

  int64_t tokens() const { return tokens_; }
  /// KL in nats a token, [layers, densities].
  std::vector<std::vector<double>> Means() const;

 private:
  Status RunAfterPrompt(const WrittenText& text, const ModelPart& part, std::vector<float>* logits);

  Model& model_;
  const SparsityKind kind_;
  const std::vector<double> densities_;
  std::vector<std::vector<double>> sums_;
  int64_t tokens_ = 0;
};

}  // namespace retort

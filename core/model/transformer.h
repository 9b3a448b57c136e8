// One step of a llama-family transformer over rows of tokens: the sequence of operations, nothing of files or text.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/model/gate_magnitudes.h"
#include "core/model/model_neurons.h"
#include "core/model/neuron_history.h"
#include "core/model/weights.h"

namespace retort {

/// Neighbouring rows whose sequence asks about its neurons.
struct RowsAsked {
  int64_t first = 0, count = 0;
  float* sums = nullptr;  // [layers, ffn], see NeuronSums; host memory
};

/// The tokens of one pass, flattened over sequences.
struct StepRows {
  std::vector<int32_t> tokens, positions;
  std::vector<AttentionRow> attention;
  std::vector<int32_t> wanted;               // rows whose logits are wanted, ascending
  std::vector<const NeuronChoice*> neurons;  // of each row, where coarse sparsity is meant
  std::vector<RowsAsked> asked;              // of the whole model alone

  void Clear() {
    tokens.clear();
    positions.clear();
    attention.clear();
    wanted.clear();
    neurons.clear();
    asked.clear();
  }
};

class Transformer {
 public:
  /// All references must outlive the object.
  Transformer(const ModelHyper& hyper, const Weights& weights, const KvLayout& kv, OpSet& ops, Precision precision);

  /// What sparse parts need; must outlive the object, or be null.
  void UseNeurons(const ModelNeurons* neurons) { neurons_ = neurons; }

  /// Dense feed-forward parts add their gates; null: none does. Host memory alone.
  void WatchGates(GateMagnitudes* into) { gates_ = into; }

  /// Run one pass over a part of the model: store keys and values of every row, and write the logits of the wanted rows
  /// to logits [wanted, vocab] (device memory). Enqueued on `stream`.
  Status Run(const StepRows& rows, const ModelPart& part, float* logits, Stream& stream);

 private:
  struct Scratch {
    std::unique_ptr<Buffer> buffer;
    float* data = nullptr;
  };
  Status Grow(int64_t rows);
  /// x after a norm, for products.
  RowSource Normed(const FloatVector& norm) const;
  /// y = normed x · weightᵀ, rows of y `ldy` floats apart.
  Status MatMul(const FloatVector& norm, const StackedWeight& weight, float* y, int64_t t, int64_t ldy, Stream& stream);
  /// Queries, keys and values of all rows from x; the latter two go to the KV pages.
  Status ProjectAndStore(const LayerWeights& layer, int index, const StepRows& rows, Stream& stream);
  /// Move x and the queries of the wanted rows to the front.
  Status KeepWanted(const StepRows& rows, Stream& stream);
  /// x += output(attention) of the first rows, which are `attending`; their queries lie in front.
  Status Attend(const LayerWeights& layer, int index, std::span<const AttentionRow> attending, Stream& stream);
  /// x += down(silu(gate) * up) of the first t rows; the neurons of those asked are added up.
  Status FeedForward(int index, int64_t t, std::span<const RowsAsked> asked, Stream& stream);
  /// The same of some neurons; `kept`: the rows are the wanted ones of the pass.
  Status SparseFeedForward(int index, int64_t t, const StepRows& rows, bool kept, const Sparsity& sparsity,
                           Stream& stream);

  const ModelHyper& hyper_;
  const Weights& weights_;
  const KvLayout kv_;
  OpSet& ops_;
  const Precision precision_;
  const int64_t q_size_, kv_size_, qkv_size_;
  int64_t capacity_ = 0;
  Scratch x_, normed_, qkv_, attended_, gate_up_, active_;  // normed_ and active_ where a device makes rows beforehand
  std::vector<AttentionRow> wanted_rows_;
  const ModelNeurons* neurons_ = nullptr;
  GateMagnitudes* gates_ = nullptr;
  NeuronLists lists_;               // of a fine step
  std::vector<NeuronList> chosen_;  // of a coarse one
};

}  // namespace retort

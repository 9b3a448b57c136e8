// What a sequence's prompt says about neurons: how much of each token's activation each neuron had, and the neurons
// that coarse sparsity takes by that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/model/sparsity.h"

namespace retort {

/// Sums over tokens of (z_j / ‖z‖)², z = silu(gate) * up. Its root is GRIFFIN's statistic, which orders alike.
struct NeuronSums {
  int64_t neurons = 0;
  size_t tokens = 0;
  std::vector<float> of;  // [layers, neurons]
};

/// The neurons that run, ascending, of each layer; empty for a layer that is dense.
using NeuronChoice = std::vector<std::vector<int32_t>>;
/// Those of largest sums; of equal ones those of lower index.
NeuronChoice ChooseNeurons(const NeuronSums& sums, const Sparsity& sparsity);

/// One choice for several sequences, by the means of their tokens, each sequence weighing the same. (Sirius'
/// `patternstrict` adds up what the sequences of its beam ask for.) The last one is kept: a batch stays together.
class SharedNeuronChoice {
 public:
  /// Errors: kInvalidArgument for a sequence without sums.
  Result<std::shared_ptr<const NeuronChoice>> Of(std::vector<std::shared_ptr<const NeuronSums>> sums,
                                                 const Sparsity& sparsity);

 private:
  std::vector<std::shared_ptr<const NeuronSums>> sums_;  // of the last
  std::vector<float> density_;
  std::shared_ptr<const NeuronChoice> choice_;
};

/// Of one sequence. Sums are those of its first tokens, its prompt: added while it is open, from the sequence's
/// beginning until its first sparse step, tree or rewind, or a step of one token. Copies share what they hold.
class NeuronHistory {
 public:
  bool open() const { return open_; }
  void Close() { open_ = false; }
  /// As a new sequence has it.
  void Reset() { *this = {}; }
  /// Null: none.
  const std::shared_ptr<const NeuronSums>& sums() const { return sums_; }
  void SetSums(std::shared_ptr<const NeuronSums> sums) { sums_ = std::move(sums); }
  /// The sums so far, for a step of the whole model to add to and then set; of zeros for a sequence that is empty. Null
  /// where closed, or where the sums are not those of all of the sequence's `length` tokens.
  std::shared_ptr<NeuronSums> SumsToAddTo(size_t length, int64_t layers, int64_t neurons) const;
  /// What `sparsity` takes, chosen once. Errors: kInvalidArgument without sums.
  Result<std::shared_ptr<const NeuronChoice>> Choice(const Sparsity& sparsity);

 private:
  bool open_ = true;
  std::shared_ptr<const NeuronSums> sums_;
  std::vector<std::pair<std::vector<float>, std::shared_ptr<const NeuronChoice>>> choices_;  // by density
};

}  // namespace retort

// What the sequences of one step have to do with neurons: those that a coarse part runs for each, and the sums that a
// prompt adds to.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/model/model.h"
#include "core/model/neuron_history.h"
#include "core/model/transformer.h"

namespace retort {

class StepNeurons {
 public:
  /// A step of `items` begins; `gathers`: prompts are asked about their neurons. Errors: those of
  /// NeuronHistory::Choice.
  Status Begin(std::span<const ForwardItem> items, const ModelPart& part, bool gathers, const ModelHyper& hyper);
  /// The last of `rows` is one of item `which`.
  void AddRow(size_t which, StepRows& rows) const;
  /// The step was run, and item `which` has its sums.
  void Advance(size_t which, const ForwardItem& item) const;

 private:
  struct Item {
    std::shared_ptr<const NeuronChoice> choice;  // of a coarse step
    std::shared_ptr<NeuronSums> sums;            // of a whole one that is asked
  };
  std::vector<Item> items_;
  SharedNeuronChoice shared_;
};

}  // namespace retort

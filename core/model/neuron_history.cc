#include "core/model/neuron_history.h"

#include <algorithm>
#include <numeric>

namespace retort {

NeuronChoice ChooseNeurons(const NeuronSums& sums, const Sparsity& sparsity) {
  NeuronChoice choice(sparsity.density.size());
  std::vector<int32_t> order(static_cast<size_t>(sums.neurons));
  for (size_t layer = 0; layer < choice.size(); ++layer) {
    if (sparsity.Dense(static_cast<int32_t>(layer))) continue;
    const float* const of = sums.of.data() + layer * static_cast<size_t>(sums.neurons);
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + NeuronsLeft(sums.neurons, sparsity.density[layer]);
    std::nth_element(order.begin(), end - 1, order.end(),
                     [of](int32_t a, int32_t b) { return of[a] != of[b] ? of[a] > of[b] : a < b; });
    choice[layer].assign(order.begin(), end);
    std::sort(choice[layer].begin(), choice[layer].end());
  }
  return choice;
}

namespace {

Status NoSums() {
  return InvalidArgument(
      "coarse sparsity: the sequence has no statistics of neurons; let the whole model run its first tokens, after "
      "the sparse part is prepared");
}

}  // namespace

Result<std::shared_ptr<const NeuronChoice>> SharedNeuronChoice::Of(std::vector<std::shared_ptr<const NeuronSums>> sums,
                                                                   const Sparsity& sparsity) {
  if (choice_ != nullptr && sums == sums_ && sparsity.density == density_) return choice_;
  NeuronSums mean;
  for (const auto& one : sums) {
    if (one == nullptr) return NoSums();
    mean.neurons = one->neurons;
    mean.of.resize(one->of.size());
    const float weight = 1 / static_cast<float>(std::max<size_t>(1, one->tokens));
    for (size_t i = 0; i < mean.of.size(); ++i) mean.of[i] += weight * one->of[i];
  }
  choice_ = std::make_shared<const NeuronChoice>(ChooseNeurons(mean, sparsity));
  sums_ = std::move(sums);
  density_ = sparsity.density;
  return choice_;
}

std::shared_ptr<NeuronSums> NeuronHistory::SumsToAddTo(size_t length, int64_t layers, int64_t neurons) const {
  if (!open_) return nullptr;
  if (length == 0) {
    const auto size = static_cast<size_t>(layers * neurons);
    return std::make_shared<NeuronSums>(NeuronSums{neurons, 0, std::vector<float>(size)});
  }
  return sums_ != nullptr && sums_->tokens == length ? std::make_shared<NeuronSums>(*sums_) : nullptr;
}

Result<std::shared_ptr<const NeuronChoice>> NeuronHistory::Choice(const Sparsity& sparsity) {
  if (sums_ == nullptr) return NoSums();
  for (const auto& [density, choice] : choices_) {
    if (density == sparsity.density) return choice;
  }
  choices_.emplace_back(sparsity.density, std::make_shared<const NeuronChoice>(ChooseNeurons(*sums_, sparsity)));
  return choices_.back().second;
}

}  // namespace retort

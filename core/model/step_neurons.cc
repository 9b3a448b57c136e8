#include "core/model/step_neurons.h"

namespace retort {

Status StepNeurons::Begin(std::span<const ForwardItem> items, const ModelPart& part, bool gathers,
                          const ModelHyper& hyper) {
  items_.assign(items.size(), {});
  const Sparsity& sparsity = part.sparsity;
  const bool coarse = sparsity.any() && sparsity.kind == SparsityKind::kCoarse;
  if (coarse && sparsity.shared && items.size() > 1) {
    std::vector<std::shared_ptr<const NeuronSums>> sums;
    for (const ForwardItem& item : items) sums.push_back(item.kv->neurons().sums());
    RETORT_ASSIGN_OR_RETURN(const auto choice, shared_.Of(std::move(sums), sparsity));
    for (Item& item : items_) item.choice = choice;
    return {};
  }
  for (size_t i = 0; i < items.size(); ++i) {
    NeuronHistory& history = items[i].kv->neurons();
    if (coarse) {
      RETORT_ASSIGN_OR_RETURN(items_[i].choice, history.Choice(sparsity));
    } else if (gathers && part.whole() && items[i].parents.empty()) {
      // A single token after others is no prompt: not worth the time.
      const size_t length = items[i].kv->length();
      if (length > 0 && items[i].tokens.size() == 1) continue;
      items_[i].sums = history.SumsToAddTo(length, hyper.layers, hyper.ffn);
    }
  }
  return {};
}

void StepNeurons::AddRow(size_t which, StepRows& rows) const {
  const auto& [choice, sums] = items_[which];
  if (choice != nullptr) rows.neurons.push_back(choice.get());
  if (sums == nullptr) return;
  if (!rows.asked.empty() && rows.asked.back().sums == sums->of.data()) {
    ++rows.asked.back().count;
  } else {
    rows.asked.push_back({static_cast<int64_t>(rows.tokens.size()) - 1, 1, sums->of.data()});
  }
}

void StepNeurons::Advance(size_t which, const ForwardItem& item) const {
  const auto& sums = items_[which].sums;
  if (sums == nullptr) return;
  sums->tokens += item.tokens.size();
  item.kv->neurons().SetSums(sums);
}

}  // namespace retort

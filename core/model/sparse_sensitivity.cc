#include "core/model/sparse_sensitivity.h"

#include <algorithm>
#include <utility>

#include "core/model/token_score.h"

namespace retort {

LayerSensitivity::LayerSensitivity(Model& model, SparsityKind kind, std::vector<double> densities)
    : model_(model),
      kind_(kind),
      densities_(std::move(densities)),
      sums_(static_cast<size_t>(model.hyper().layers), std::vector<double>(densities_.size())) {}

Status LayerSensitivity::RunTokens(std::span<const WrittenText> texts, size_t first, size_t count,
                                   const ModelPart& part, std::vector<float>* logits) {
  std::vector<std::unique_ptr<KvSequence>> forks;
  std::vector<ForwardItem> items;
  for (const WrittenText& text : texts) {
    const size_t at = text.prompt + first;
    if (at >= text.kv->length()) continue;
    forks.push_back(text.kv->Fork());
    RETORT_RETURN_IF_ERROR(forks.back()->Truncate(at));
    items.push_back(
        {forks.back().get(), std::span(text.tokens).subspan(at, std::min(count, text.kv->length() - at)), 0});
  }
  logits->clear();
  if (items.empty()) return {};
  std::span<const float> rows;
  RETORT_RETURN_IF_ERROR(model_.ForwardPart(items, part, &rows));
  logits->assign(rows.begin(), rows.end());
  return {};
}

Status LayerSensitivity::Add(std::span<const WrittenText> texts, size_t first, size_t count) {
  const int32_t layers = model_.hyper().layers;
  const auto vocab = static_cast<size_t>(model_.hyper().vocab);
  const LayerChoice all = LayerChoice::All(layers);
  std::vector<float> whole, other;
  RETORT_RETURN_IF_ERROR(RunTokens(texts, first, count, all, &whole));
  if (whole.empty()) return {};
  Sparsity sparsity = Sparsity::Even(kind_, 1, 0, 0, layers);
  for (size_t layer = 0; layer < sums_.size(); ++layer) {
    for (size_t i = 0; i < densities_.size(); ++i) {
      sparsity.density[layer] = static_cast<float>(densities_[i]);
      RETORT_RETURN_IF_ERROR(RunTokens(texts, first, count, {all, sparsity}, &other));
      for (size_t at = 0; at < whole.size(); at += vocab) {
        RETORT_ASSIGN_OR_RETURN(const TokenScore score, ScoreToken(std::span(other).subspan(at, vocab),
                                                                   std::span(whole).subspan(at, vocab), 0));
        sums_[layer][i] += score.divergence;
      }
    }
    sparsity.density[layer] = 1;
  }
  tokens_ += static_cast<int64_t>(whole.size() / vocab);
  return {};
}

std::vector<std::vector<double>> LayerSensitivity::Means() const {
  std::vector<std::vector<double>> means = sums_;
  for (std::vector<double>& layer : means) {
    for (double& sum : layer) sum /= static_cast<double>(std::max<int64_t>(1, tokens_));
  }
  return means;
}

}  // namespace retort

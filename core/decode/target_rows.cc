#include "core/decode/target_rows.h"

namespace retort {

TargetRows::TargetRows(Sampler& sampler, std::span<const float> logits, size_t vocab, std::span<const int32_t> sequence)
    : sampler_(sampler),
      logits_(logits),
      vocab_(vocab),
      begin_(sequence.size()),
      history_(sequence.begin(), sequence.end()) {}

Status TargetRows::Probabilities(size_t row, std::vector<float>* p) {
  return sampler_.Probabilities(Row(row), history_, p);
}

Result<int32_t> TargetRows::Sample(size_t row, double u) { return sampler_.Sample(Row(row), history_, u); }

Status TargetRows::UncutProbabilities(size_t row, double temperature, std::vector<float>* p) {
  if (!uncut_ || uncut_->params().temperature != temperature) {
    SamplingParams params = sampler_.params();
    params.temperature = temperature;
    params.top_k = 0;
    params.top_p = 1;
    params.min_p = 0;
    uncut_.emplace(std::move(params));
  }
  return uncut_->Probabilities(Row(row), history_, p);
}

}  // namespace retort

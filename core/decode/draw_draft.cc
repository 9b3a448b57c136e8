#include "core/decode/draw_draft.h"

#include <algorithm>

#include "core/decode/probability_row.h"
#include "core/model/logit_row.h"

namespace retort {
namespace {

/// False: nothing is left.
bool TakeOut(std::span<const int32_t> siblings, std::vector<float>* q) {
  for (const int32_t sibling : siblings) (*q)[static_cast<size_t>(sibling)] = 0;
  const double total = SumWeights(*q);
  if (!(total > 0)) return false;
  for (float& value : *q) value = static_cast<float>(static_cast<double>(value) / total);
  return true;
}

}  // namespace

Result<int32_t> DrawDraft(Sampler& sampler, std::span<const float> logits, std::span<const int32_t> history, double u,
                          std::span<const int32_t> siblings, InjectedFault fault, std::vector<float>* q) {
  RETORT_RETURN_IF_ERROR(sampler.Probabilities(logits, history, q));
  if (!siblings.empty() && !TakeOut(siblings, q)) return -1;
  if (fault == InjectedFault::kArgmaxAsSampled) {
    return static_cast<int32_t>(std::max_element(q->begin(), q->end()) - q->begin());
  }
  const int32_t token = DrawFromRow(*q, u);
  if (fault == InjectedFault::kDraftBeforeTopP) {
    SamplingParams params = sampler.params();
    params.top_p = 1;
    RETORT_RETURN_IF_ERROR(Sampler(std::move(params)).Probabilities(logits, history, q));
    if (!siblings.empty()) TakeOut(siblings, q);
  }
  return token;
}

}  // namespace retort

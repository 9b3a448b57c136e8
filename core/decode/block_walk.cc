#include <algorithm>
#include <string>

#include "core/decode/probability_row.h"
#include "core/decode/walks.h"

namespace retort {

Status BlockWalk(InjectedFault fault, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                 Verdict* verdict) {
  const size_t length = draft.size();
  std::vector<float> p, kept_p;
  RETORT_RETURN_IF_ERROR(target.Probabilities(0, &p));
  kept_p = p;
  double weight = 1, kept_weight = 1;  // p_i of the paper: how far the target backs the block's first i tokens
  size_t kept = 0;
  for (size_t i = 1; i <= length; ++i) {
    const auto x = static_cast<size_t>(draft.tokens[i - 1]);
    const double qx = static_cast<double>(draft.q_row(i - 1)[x]);
    if (!(qx > 0)) {
      return InvalidArgument("draft.q[" + std::to_string(i - 1) + "]: the drafted token " + std::to_string(x) +
                             " has q = 0, so it was not drawn from this row");
    }
    weight = std::min(1.0, weight * static_cast<double>(p[x]) / qx);
    target.Push(draft.tokens[i - 1]);
    RETORT_RETURN_IF_ERROR(target.Probabilities(i, &p));
    double accept = weight;
    if (i < length) {
      const double excess = ExcessMass(weight, p, draft.q_row(i));
      const double lack = 1 - weight;
      accept = excess + lack > 0 ? excess / (excess + lack) : 1;
    }
    if (chance.Accept(i - 1) >= accept) continue;
    kept = i;
    kept_weight = weight;
    kept_p = p;
  }
  for (size_t i = 0; i < kept; ++i) verdict->path.push_back(static_cast<int32_t>(i));
  target.Keep(kept);
  if (kept < length && fault == InjectedFault::kNextPositionResample) {
    target.Push(draft.tokens[kept]);
    RETORT_ASSIGN_OR_RETURN(verdict->token, target.Sample(kept + 1, chance.Residual()));
  } else if (kept < length && SubtractRow(kept_weight, 1, draft.q_row(kept), fault, &kept_p)) {
    verdict->token = DrawFromRow(kept_p, chance.Residual());
  } else {
    RETORT_ASSIGN_OR_RETURN(verdict->token, target.Sample(kept, chance.Token(target.begin() + kept)));
  }
  return {};
}

}  // namespace retort

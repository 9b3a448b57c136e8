#include <string>

#include "core/decode/probability_row.h"
#include "core/decode/walks.h"

namespace retort {
namespace {

/// The token that replaces the children of a place, which were all rejected; p is the residual.
Result<int32_t> Replace(const std::vector<float>& p, size_t rejected, InjectedFault fault, const DraftBlock& draft,
                        const BlockChance& chance, TargetRows& target) {
  if (fault != InjectedFault::kNextPositionResample) return DrawFromRow(p, chance.Residual());
  target.Push(draft.tokens[rejected]);
  return target.Sample(rejected + 1, chance.Residual());
}

}  // namespace

Status ResidualWalk(double lenience, InjectedFault fault, const DraftBlock& draft, const BlockChance& chance,
                    TargetRows& target, Verdict* verdict) {
  std::vector<float> p;
  for (int32_t node = -1;;) {
    const auto row = static_cast<size_t>(node + 1);
    size_t child = draft.NextChild(node, row);
    if (child == draft.size()) {
      RETORT_ASSIGN_OR_RETURN(verdict->token, target.Sample(row, chance.Token(target.begin() + target.pushed())));
      return {};
    }
    RETORT_RETURN_IF_ERROR(target.Probabilities(row, &p));
    for (size_t rejected = child;; rejected = child, child = draft.NextChild(node, child + 1)) {
      if (child == draft.size()) {
        RETORT_ASSIGN_OR_RETURN(verdict->token, Replace(p, rejected, fault, draft, chance, target));
        return {};
      }
      const auto x = static_cast<size_t>(draft.tokens[child]);
      const double qx = static_cast<double>(draft.q_row(child)[x]);
      if (!(qx > 0)) {
        return InvalidArgument("draft.q[" + std::to_string(child) + "]: the drafted token " + std::to_string(x) +
                               " has q = 0, so it was not drawn from this row");
      }
      if (chance.Accept(child) * lenience * qx < static_cast<double>(p[x])) break;
      // Where p is q within rounding, what is left of p is noise, and p itself is as good.
      SubtractRow(1, lenience, draft.q_row(child), fault, &p);
    }
    verdict->path.push_back(static_cast<int32_t>(child));
    target.Push(draft.tokens[child]);
    node = static_cast<int32_t>(child);
  }
}

}  // namespace retort

#include <algorithm>

#include "core/decode/walks.h"

namespace retort {
namespace {

/// The child that stands although another token was drawn, or draft.size().
Result<size_t> LenientChild(double lenience, const DraftBlock& draft, int32_t node, const BlockChance& chance,
                            TargetRows& target) {
  const size_t row = static_cast<size_t>(node + 1), first = draft.NextChild(node, row);
  if (first == draft.size()) return first;
  std::vector<float> p;
  if (target.temperature() == 0) {
    RETORT_RETURN_IF_ERROR(target.UncutProbabilities(row, 1, &p));
    const double least = lenience * static_cast<double>(*std::max_element(p.begin(), p.end()));
    for (size_t child = first; child < draft.size(); child = draft.NextChild(node, child + 1)) {
      if (static_cast<double>(p[static_cast<size_t>(draft.tokens[child])]) >= least) return child;
    }
    return draft.size();
  }
  RETORT_RETURN_IF_ERROR(target.Probabilities(row, &p));
  double others = 1;  // p of the tokens that are no child: one of them was drawn
  for (size_t child = first; child < draft.size(); child = draft.NextChild(node, child + 1)) {
    others -= static_cast<double>(p[static_cast<size_t>(draft.tokens[child])]);
  }
  double rest = chance.Accept(first) * others;
  for (size_t child = first; child < draft.size(); child = draft.NextChild(node, child + 1)) {
    const double own = static_cast<double>(p[static_cast<size_t>(draft.tokens[child])]);
    rest -= std::min(1.0, own / lenience) - own;
    if (rest < 0) return child;
  }
  return draft.size();
}

}  // namespace

Status MatchWalk(double lenience, InjectedFault fault, const DraftBlock& draft, const BlockChance& chance,
                 TargetRows& target, Verdict* verdict) {
  for (int32_t node = -1;;) {
    const auto row = static_cast<size_t>(node + 1);
    const size_t position = target.begin() + target.pushed();
    RETORT_ASSIGN_OR_RETURN(const int32_t y, target.Sample(row, chance.Token(position)));
    const size_t first = draft.NextChild(node, row);
    size_t child = first;
    while (child < draft.size() && draft.tokens[child] != y) child = draft.NextChild(node, child + 1);
    if (child == draft.size() && lenience < 1) {
      RETORT_ASSIGN_OR_RETURN(child, LenientChild(lenience, draft, node, chance, target));
    }
    if (child == draft.size()) {
      verdict->token = y;
      if (fault != InjectedFault::kNextPositionResample || first == draft.size()) return {};
      target.Push(draft.tokens[first]);
      RETORT_ASSIGN_OR_RETURN(verdict->token, target.Sample(first + 1, chance.Residual()));
      return {};
    }
    verdict->path.push_back(static_cast<int32_t>(child));
    target.Push(draft.tokens[child]);
    node = static_cast<int32_t>(child);
  }
}

}  // namespace retort

#include <algorithm>
#include <cmath>

#include "core/decode/probability_row.h"
#include "core/decode/walks.h"

namespace retort {
namespace {

/// What the rule looks at in row `row`, and the value that it asks for: *least, to be exceeded where `strictly`.
Status Bar(const Acceptance& acceptance, size_t row, TargetRows& target, std::vector<float>* p, double* least) {
  if (acceptance.rule == AcceptanceRule::kThreshold) {
    *least = acceptance.threshold;
    return target.UncutProbabilities(row, acceptance.threshold_temperature, p);
  }
  RETORT_RETURN_IF_ERROR(target.Probabilities(row, p));
  *least = std::min(acceptance.typical_epsilon, acceptance.typical_delta * std::exp(-Entropy(*p)));
  return {};
}

std::vector<int32_t> PathTo(const DraftBlock& draft, int32_t node) {
  std::vector<int32_t> path;
  for (; node >= 0; node = draft.parent(static_cast<size_t>(node))) path.push_back(node);
  std::reverse(path.begin(), path.end());
  return path;
}

void Place(const DraftBlock& draft, const std::vector<int32_t>& path, TargetRows& target) {
  target.Keep(0);
  for (const int32_t node : path) target.Push(draft.tokens[static_cast<size_t>(node)]);
}

}  // namespace

Status RelaxedWalk(const Acceptance& acceptance, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                   Verdict* verdict) {
  const bool strictly = acceptance.rule == AcceptanceRule::kTypical;
  std::vector<bool> stands(draft.size());
  std::vector<float> p;
  for (int32_t node = -1; node < static_cast<int32_t>(draft.size()); ++node) {
    if (node >= 0 && !stands[static_cast<size_t>(node)]) continue;
    const auto row = static_cast<size_t>(node + 1);
    const std::vector<int32_t> path = PathTo(draft, node);
    if (path.size() > verdict->path.size()) verdict->path = path;
    if (draft.NextChild(node, row) == draft.size()) continue;
    Place(draft, path, target);
    double least = 0;
    RETORT_RETURN_IF_ERROR(Bar(acceptance, row, target, &p, &least));
    for (size_t child = draft.NextChild(node, row); child < draft.size(); child = draft.NextChild(node, child + 1)) {
      const double own = static_cast<double>(p[static_cast<size_t>(draft.tokens[child])]);
      stands[child] = strictly ? own > least : own >= least;
    }
  }
  Place(draft, verdict->path, target);
  const auto row = static_cast<size_t>(verdict->path.empty() ? 0 : verdict->path.back() + 1);
  RETORT_ASSIGN_OR_RETURN(verdict->token, target.Sample(row, chance.Token(target.begin() + target.pushed())));
  return {};
}

}  // namespace retort

#include "core/decode/acceptance.h"

#include <string>

#include "core/decode/walks.h"

namespace retort {
namespace {

Status CheckBlock(const Acceptance& acceptance, const DraftBlock& draft, const TargetRows& target) {
  if (target.rows() != draft.size() + 1) {
    return InvalidArgument("verification: expected " + std::to_string(draft.size() + 1) +
                           " rows of logits (one more than drafted tokens), got " + std::to_string(target.rows()));
  }
  if (!draft.parents.empty() && draft.parents.size() != draft.size())
    return InvalidArgument("draft: " + std::to_string(draft.size()) + " tokens have " +
                           std::to_string(draft.parents.size()) + " parents");
  if (draft.sampled() && draft.q.size() != draft.size() * target.vocab()) {
    return InvalidArgument("draft.q: expected [" + std::to_string(draft.size()) + ", " +
                           std::to_string(target.vocab()) + "] values, got " + std::to_string(draft.q.size()));
  }
  for (const int32_t token : draft.tokens) {
    if (token >= 0 && static_cast<size_t>(token) < target.vocab()) continue;
    return InvalidArgument("draft.tokens: expected tokens from 0 to " + std::to_string(target.vocab() - 1) + ", got " +
                           std::to_string(token));
  }
  for (size_t i = 0; i < draft.parents.size(); ++i) {
    if (draft.parents[i] >= -1 && draft.parents[i] < static_cast<int32_t>(i)) continue;
    return InvalidArgument("draft.parents[" + std::to_string(i) + "]: expected -1 or an earlier index, got " +
                           std::to_string(draft.parents[i]));
  }
  if (acceptance.rule == AcceptanceRule::kGreedy && target.temperature() != 0) {
    return InvalidArgument("rule greedy needs temperature 0, got " + std::to_string(target.temperature()) +
                           "; use rule: lossless to sample");
  }
  return {};
}

}  // namespace

Status Acceptance::Check() const {
  const auto bad = [](const char* name, const char* expected, double got) {
    return InvalidArgument(std::string(name) + ": expected " + expected + ", got " + std::to_string(got));
  };
  if (rule < AcceptanceRule::kGreedy || rule > AcceptanceRule::kThreshold)
    return bad("rule", "1 (greedy) to 5 (threshold)", static_cast<double>(rule));
  if (!(lenience > 0 && lenience <= 1)) return bad("lenience", "a value above 0 and up to 1 (lossless)", lenience);
  if (!(typical_epsilon >= 0 && typical_epsilon <= 1)) return bad("typical_epsilon", "0 to 1", typical_epsilon);
  if (!(typical_delta >= 0 && typical_delta <= 1)) return bad("typical_delta", "0 to 1", typical_delta);
  if (!(threshold >= 0 && threshold <= 1)) return bad("threshold", "0 to 1", threshold);
  if (!(threshold_temperature > 0 && threshold_temperature <= 100))
    return bad("threshold_temperature", "a value above 0 and up to 100", threshold_temperature);
  if (block && rule != AcceptanceRule::kLossless)
    return InvalidArgument("block: only rule lossless decides blocks as a whole; leave it out");
  return {};
}

Status VerifyDraft(const Acceptance& acceptance, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                   Verdict* verdict) {
  RETORT_RETURN_IF_ERROR(CheckBlock(acceptance, draft, target));
  verdict->path.clear();
  verdict->token = -1;
  if (acceptance.rule >= AcceptanceRule::kTypical) return RelaxedWalk(acceptance, draft, chance, target, verdict);
  const double lenience = acceptance.rule == AcceptanceRule::kLenient ? acceptance.lenience : 1;
  if (!draft.sampled() || target.temperature() == 0)
    return MatchWalk(lenience, acceptance.fault, draft, chance, target, verdict);
  if (!acceptance.block) return ResidualWalk(lenience, acceptance.fault, draft, chance, target, verdict);
  if (draft.parents.empty()) return BlockWalk(acceptance.fault, draft, chance, target, verdict);
  return InvalidArgument("block: expected a chain of drafted tokens, got a tree; leave `block` out");
}

}  // namespace retort

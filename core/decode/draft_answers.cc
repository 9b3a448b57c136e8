#include "core/decode/draft_answers.h"

namespace retort {
namespace {

/// The target's place becomes `node`.
void MoveTo(int32_t node, const DraftBlock& draft, TargetRows& target) {
  std::vector<int32_t> path;
  for (; node >= 0; node = draft.parent(static_cast<size_t>(node)))
    path.push_back(draft.tokens[static_cast<size_t>(node)]);
  target.Keep(0);
  for (auto token = path.rbegin(); token != path.rend(); ++token) target.Push(*token);
}

}  // namespace

void AnswerDraft(std::span<const int32_t> nodes, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                 std::vector<int32_t>* answers) {
  answers->clear();
  for (const int32_t node : nodes) {
    answers->push_back(-1);
    if (node >= static_cast<int32_t>(draft.size())) continue;
    MoveTo(node, draft, target);
    const double u = chance.Token(target.begin() + target.pushed());
    const Result<int32_t> token = target.Sample(static_cast<size_t>(node + 1), u);
    if (token.ok()) answers->back() = *token;
  }
  target.Keep(0);
}

}  // namespace retort

// What the target says after nodes of a draft, accepted or not: for drafters that learn from the verification.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/decode/chance.h"
#include "core/decode/draft_block.h"
#include "core/decode/target_rows.h"

namespace retort {

/// answers[i]: the token that the target draws after `nodes`[i] of the draft (-1: after the sequence), by the chance of
/// plain decoding at that position. So a token is answered that plain decoding would write, were the node's path the
/// text; guesses made of such tokens fit the very draws that verify them later, which the argmax would not above
/// temperature 0. -1 for a node beyond `draft`, and where the row gives no token.
/// Shapes: `target` has 1 + draft.size() rows. Leaves `target` at the sequence's end.
void AnswerDraft(std::span<const int32_t> nodes, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                 std::vector<int32_t>* answers);

}  // namespace retort

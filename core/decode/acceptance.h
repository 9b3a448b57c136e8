// Which drafted tokens stand, and the token that follows them. Pure functions of the target's rows, the draft and keyed
// chance: no model, no thread, no state. core/design/007-speculation.md says which rule serves what.
#pragma once

#include <cstdint>
#include <vector>

#include "core/decode/chance.h"
#include "core/decode/draft_block.h"
#include "core/decode/injected_fault.h"
#include "core/decode/target_rows.h"

namespace retort {

enum class AcceptanceRule : int32_t {
  kGreedy = 1,    // the argmax of p; temperature 0 only
  kLossless = 2,  // the law of p
  kLenient = 3,   // the law of p, relaxed by `lenience`
  kTypical = 4,   // whatever is likely enough for the entropy of p; lossy
  kThreshold = 5  // whatever is likely enough; lossy
};

struct Acceptance {
  AcceptanceRule rule = AcceptanceRule::kLossless;
  bool block = false;  // kLossless over sampled chains: decide the block as a whole. Sun et al., arXiv 2403.10444
  /// kLenient: (0, 1]; accept with min(1, p / (lenience * q)). 1 is lossless. Leviathan et al., 2211.17192, A.5
  double lenience = 1;
  /// kTypical: accept x where p(x) > min(epsilon, delta * exp(-H(p))). Cai et al. (Medusa), arXiv 2401.10774, 2.3
  double typical_epsilon = 0.09, typical_delta = 0.3;
  /// kThreshold: accept x where p(x) >= threshold, p at a temperature of its own. Zhou et al. (Sirius), 2409.03856
  double threshold = 0.1, threshold_temperature = 0.6;
  InjectedFault fault = InjectedFault::kNone;

  /// kInvalidArgument naming the first value out of range, or `block` beside a rule other than kLossless.
  Status Check() const;
};

struct Verdict {
  std::vector<int32_t> path;  // the draft tokens that stand, by index: each the parent of the next
  int32_t token = -1;         // what follows them
};

/// Decide on a block. The rule follows from what is known of the draft:
///  - at temperature 0, or of tokens chosen without chance: draw y from p as plain decoding would, go on while a child
///    is y. The text is that of plain decoding with the same seed.
///  - tokens that were drawn: accept with min(1, p/q), else p <- norm(max(0, p - q)) and the next child.
/// Shapes: `target` has 1 + draft.size() rows. Errors: kInvalidArgument for rows that do not fit, kGreedy at another
/// temperature, `block` over a tree, a token whose own q is 0; kInternal for logits that are NaN.
Status VerifyDraft(const Acceptance& acceptance, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                   Verdict* verdict);

}  // namespace retort

// The ways to go through a draft; VerifyDraft chooses. Each fills an empty verdict.
#pragma once

#include "core/decode/acceptance.h"

namespace retort {

/// Draw y from p and go on while a child of the place is y (sample and match). Lenient: another child x may stand in
/// y's stead, so that x is accepted with min(1, p(x) / lenience) in all; at temperature 0 the first x with
/// p(x) >= lenience * max p, p then at temperature 1.
Status MatchWalk(double lenience, InjectedFault fault, const DraftBlock& draft, const BlockChance& chance,
                 TargetRows& target, Verdict* verdict);

/// Try the children in order, each against its q, p becoming the residual after each that is rejected.
/// Source: Leviathan et al., arXiv 2211.17192, algorithm 1; several children: Miao et al. (SpecInfer), arXiv
/// 2305.09781, algorithm 2.
Status ResidualWalk(double lenience, InjectedFault fault, const DraftBlock& draft, const BlockChance& chance,
                    TargetRows& target, Verdict* verdict);

/// Source: Sun et al., "Block Verification Accelerates Speculative Decoding", arXiv 2403.10444, algorithm 2.
Status BlockWalk(InjectedFault fault, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                 Verdict* verdict);

/// kTypical and kThreshold: the longest path of tokens that are likely enough (the first of several), then a token
/// drawn from p.
Status RelaxedWalk(const Acceptance& acceptance, const DraftBlock& draft, const BlockChance& chance, TargetRows& target,
                   Verdict* verdict);

}  // namespace retort

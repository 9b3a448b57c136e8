// Arithmetic on rows of probabilities, [V].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/decode/injected_fault.h"

namespace retort {

/// p <- norm(max(0, scale * p - weight * q)). Where nothing is left (p is q within rounding), false, and p stays.
/// kResidualByPosition is obeyed, other faults are not looked at. Source: Leviathan et al., arXiv 2211.17192, section
/// 2.3.
bool SubtractRow(double scale, double weight, std::span<const float> q, InjectedFault fault, std::vector<float>* p);

/// The sum of max(0, scale * p - q).
double ExcessMass(double scale, std::span<const float> p, std::span<const float> q);

/// The first token whose cumulative probability exceeds u; of a row that sums to 1 within rounding.
int32_t DrawFromRow(std::span<const float> p, double u);

/// The entropy in nats.
double Entropy(std::span<const float> p);

}  // namespace retort

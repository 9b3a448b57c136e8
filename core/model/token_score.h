// How well a row of logits foretold a token, alone or beside another model's row.
#pragma once

#include <cstdint>
#include <span>

#include "retort/status.h"

namespace retort {

struct TokenScore {
  double loss = 0;  // -ln p(token), in nats
  // Beside the row of a base:
  double base_loss = 0;
  double divergence = 0;  // KL(base || model) = sum of p_base * ln(p_base / p), in nats
  bool agrees = true;     // both hold the same token the most likely one (the smaller id where two are equal)
};

/// Score `token`, which lies in [0, V). Shapes: logits [V], base [V] or empty.
/// Errors: kInternal for logits that are NaN or infinite.
Result<TokenScore> ScoreToken(std::span<const float> logits, std::span<const float> base, int32_t token);

}  // namespace retort

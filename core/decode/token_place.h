// Where a drawn token lies in its law, as numbers whose own law is known whatever the vocabulary.
#pragma once

#include <cstdint>
#include <span>

namespace retort {

/// Each is F(x-) + u * p(x) for an order of the tokens: uniform in [0, 1), and independent of all that came before,
/// exactly where x follows p and u is uniform. Two orders, since a fault may cancel out in one of them.
/// Source: the randomised probability integral transform, Czado, Gneiting, Held, "Predictive model assessment for count
/// data", Biometrics 2009, section 2.
struct TokenPlace {
  double by_rank = 0;      // the most likely token first, ties by id
  double by_hash = 0;      // a shuffled order that is the same for every row
  double probability = 0;  // p(x); 0: the law forbids x
};

/// Shapes: p [V], sums to 1 within rounding; `token` in [0, V); u in [0, 1).
TokenPlace PlaceOf(std::span<const float> p, int32_t token, double u);

}  // namespace retort

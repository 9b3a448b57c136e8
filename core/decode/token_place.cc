#include "core/decode/token_place.h"

namespace retort {
namespace {

/// A product with an odd number is another order of all tokens, without ties. Source: Knuth, TAOCP 3, section 6.4.
uint64_t Shuffled(size_t token) { return uint64_t{token} * 0x9E3779B97F4A7C15ULL; }

}  // namespace

TokenPlace PlaceOf(std::span<const float> p, int32_t token, double u) {
  const auto x = static_cast<size_t>(token);
  const auto own = static_cast<double>(p[x]);
  double total = 0, likelier = 0, before = 0;
  for (size_t y = 0; y < p.size(); ++y) {
    const auto other = static_cast<double>(p[y]);
    total += other;
    likelier += p[y] > p[x] || (p[y] == p[x] && y < x) ? other : 0;
    before += Shuffled(y) < Shuffled(x) ? other : 0;
  }
  return {(likelier + u * own) / total, (before + u * own) / total, own / total};
}

}  // namespace retort

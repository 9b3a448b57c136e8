// A draft as verification sees it: tokens, how they hang together, and what they were drawn from. Views only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace retort {

struct DraftBlock {
  std::span<const int32_t> tokens;        // [N]
  std::span<const int32_t> parents = {};  // [N]: an earlier token, -1 = the sequence's end; empty: a chain
  /// [N, V]: row i is the distribution, after all transforms, that token i was drawn from, given the siblings before
  /// it. Empty: the tokens were chosen without chance.
  std::span<const float> q = {};

  size_t size() const { return tokens.size(); }
  bool sampled() const { return !q.empty(); }
  int32_t parent(size_t i) const { return parents.empty() ? static_cast<int32_t>(i) - 1 : parents[i]; }
  std::span<const float> q_row(size_t i) const {
    const size_t vocab = q.size() / tokens.size();
    return q.subspan(i * vocab, vocab);
  }
  /// The child of `node` (-1: the sequence's end) that comes first from index `from` on, or N.
  size_t NextChild(int32_t node, size_t from) const {
    if (parents.empty()) {
      const auto child = static_cast<size_t>(node + 1);
      return child >= from && child < size() ? child : size();
    }
    while (from < size() && parents[from] != node) ++from;
    return from;
  }
};

}  // namespace retort

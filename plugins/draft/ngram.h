// Statistics of a run: which token followed which context, over the text of all its records.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace drafting {

/// Counts of continuations for contexts of 1 to `order` tokens. A context keeps its few most counted continuations, so
/// that memory is bounded by the number of contexts, which `max_contexts` bounds in turn: once reached, known contexts
/// still count and new ones are left out.
class NgramStatistics {
 public:
  NgramStatistics(size_t order, size_t max_contexts);

  /// Count the token at each index from `begin` on, after its contexts in the same sequence.
  void Learn(std::span<const int32_t> sequence, size_t begin);

  /// Follow the most counted continuation of the longest known context, token by token, `count` at most; ends where no
  /// context of `min_match` tokens or more is known. Ties go to the smaller token.
  std::vector<int32_t> Draft(std::span<const int32_t> sequence, size_t count, size_t min_match) const;

  size_t contexts() const { return contexts_.size(); }

 private:
  static constexpr size_t kKept = 4;
  struct Continuations {
    uint64_t check = 0;  // a second hash of the context, against two contexts with one key
    int32_t token[kKept] = {-1, -1, -1, -1};
    uint32_t count[kKept] = {};
    void Add(int32_t next);
    int32_t Best() const;
  };
  struct Keys {
    uint64_t key, check;
  };
  static Keys Hash(std::span<const int32_t> context);

  size_t order_, max_contexts_;
  std::unordered_map<uint64_t, Continuations> contexts_;
};

}  // namespace drafting

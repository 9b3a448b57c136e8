// Statistics of a run: which token followed which context, over the text of all its records.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace drafting {

/// What followed one context. The bytes are those of files.
struct NgramContext {
  static constexpr size_t kKept = 4;
  uint64_t key = 0;    // a hash of the context
  uint64_t check = 0;  // another one, against two contexts with one key
  int32_t token[kKept] = {-1, -1, -1, -1};
  uint32_t count[kKept] = {};

  void Add(int32_t next);
  /// The most counted one, ties to the smaller token, or -1; `share` becomes its part of the counts.
  int32_t Best(double* share) const;
};
static_assert(sizeof(NgramContext) == 48);

/// Counts of continuations for contexts of 1 to `order` tokens. A context keeps its few most counted continuations, so
/// that memory is bounded by the number of contexts, which `max_contexts` bounds in turn: once reached, known contexts
/// still count and new ones are left out. A context takes 56 to 64 bytes, and twice that while the tables grow.
class NgramStatistics {
 public:
  NgramStatistics(size_t order, size_t max_contexts);

  /// Count the token at each index from `begin` on, after its contexts in the same sequence.
  void Learn(std::span<const int32_t> sequence, size_t begin);

  /// Follow the most counted continuation of the longest known context, token by token, `count` at most. It ends where
  /// no context of `min_match` tokens or more is known, and where the product of the continuations' shares falls below
  /// `min_share`. Ties go to the smaller token. `match`, if not null, becomes the length of the first context.
  std::vector<int32_t> Draft(std::span<const int32_t> sequence, size_t count, size_t min_match, double min_share = 0,
                             size_t* match = nullptr) const;

  size_t contexts() const { return contexts_.size(); }
  size_t max_contexts() const { return max_contexts_; }

  /// All contexts in the order of their keys, so that the same statistics give the same file.
  std::vector<NgramContext> Sorted() const;
  /// Take contexts of an earlier run; false where one is given twice or there are more than may be kept.
  bool Take(std::span<const NgramContext> contexts);

 private:
  struct Keys {
    uint64_t key, check;
  };
  static Keys Hash(std::span<const int32_t> context);
  size_t Slot(uint64_t key) const;
  const NgramContext* Find(Keys keys) const;
  /// The context of this key, made if need be; null where there is no room, or another context has the key.
  NgramContext* Make(Keys keys);
  void Grow();

  size_t order_, max_contexts_;
  std::vector<NgramContext> contexts_;
  std::vector<uint32_t> slots_;  // a hash table with open addressing: index into contexts_, or kFree
};

}  // namespace drafting

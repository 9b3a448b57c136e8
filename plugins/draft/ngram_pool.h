// The n-grams that lookahead decoding has seen of one record, by their first token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace drafting {

/// Keeps of each first token the `capacity` n-grams that came last, each once.
class NgramPool {
 public:
  /// `ngram`: tokens of each, 2 or more.
  NgramPool(size_t ngram, size_t capacity) : tail_(ngram - 1), capacity_(capacity) {}

  /// An n-gram came: [ngram] tokens.
  void Add(std::span<const int32_t> ngram);
  /// All n-grams of `text` that end at index `from` or after it.
  void AddAll(std::span<const int32_t> text, size_t from);
  /// What followed `token`, the latest first, ngram - 1 tokens each, one after the other. The view lives until the next
  /// Add.
  std::span<const int32_t> After(int32_t token) const;
  size_t tail() const { return tail_; }

 private:
  size_t tail_, capacity_;
  std::unordered_map<int32_t, std::vector<int32_t>> tails_;
};

}  // namespace drafting

// Byte-pair merges by rank over one word (Sennrich, Haddow, Birch 2016, on bytes as in GPT-2). Immutable; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace retort {

class BpeMerger {
 public:
  struct Merge {
    int32_t left, right, merged;  // token ids
  };
  /// Working memory of Append, kept between calls of one thread.
  struct Scratch {
    std::vector<int32_t> ids, previous, next;
    std::vector<uint32_t> ranks;
    std::vector<uint64_t> heap;
  };

  /// `byte_tokens[b]` is the token of byte b, or -1. `merges` are in order of rank; of equal pairs the first counts.
  BpeMerger(const int32_t (&byte_tokens)[256], const std::vector<Merge>& merges);

  /// Append the tokens of `word` to `out`. Bytes without a token part their neighbours and are left out.
  /// Cost: O(n log n) in the word's bytes.
  void Append(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const;

 private:
  static constexpr uint32_t kNoRank = UINT32_MAX;
  struct Slot {
    uint64_t pair;
    uint32_t rank = kNoRank;
    int32_t merged;
  };
  const Slot* Find(int32_t left, int32_t right) const;
  uint32_t RankOf(int32_t left, int32_t right) const;
  void AppendShort(std::string_view word, std::vector<int32_t>& out) const;
  void AppendLong(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const;

  int32_t byte_tokens_[256];
  std::vector<Slot> slots_;  // open addressing, at most half full
  int shift_ = 0;
};

}  // namespace retort

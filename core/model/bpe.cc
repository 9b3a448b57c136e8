#include "core/model/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace retort {
namespace {

constexpr size_t kShortWord = 32;  // up to here looking at all pairs for each merge beats a heap

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

BpeMerger::BpeMerger(const int32_t (&byte_tokens)[256], const std::vector<Merge>& merges) {
  std::copy(std::begin(byte_tokens), std::end(byte_tokens), byte_tokens_);
  const size_t capacity = std::bit_ceil(std::max<size_t>(16, merges.size() * 2));
  shift_ = 64 - std::countr_zero(capacity);
  slots_.resize(capacity);
  uint32_t rank = 0;
  for (const Merge& merge : merges) {
    auto* slot = const_cast<Slot*>(Find(merge.left, merge.right));
    if (slot->rank == kNoRank) *slot = {PairKey(merge.left, merge.right), rank, merge.merged};
    ++rank;
  }
}

// The pair's slot, or the empty one where it would be.
const BpeMerger::Slot* BpeMerger::Find(int32_t left, int32_t right) const {
  const uint64_t pair = PairKey(left, right);
  const size_t mask = slots_.size() - 1;
  size_t i = (pair * 0x9E3779B97F4A7C15u) >> shift_;  // Fibonacci hashing, Knuth vol. 3, 6.4
  while (slots_[i].rank != kNoRank && slots_[i].pair != pair) i = (i + 1) & mask;
  return &slots_[i];
}

uint32_t BpeMerger::RankOf(int32_t left, int32_t right) const { return Find(left, right)->rank; }

void BpeMerger::Append(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const {
  if (word.size() <= kShortWord) {
    AppendShort(word, out);
  } else {
    AppendLong(word, scratch, out);
  }
}

void BpeMerger::AppendShort(std::string_view word, std::vector<int32_t>& out) const {
  int32_t ids[kShortWord];
  uint32_t ranks[kShortWord];  // ranks[i]: of the pair (i, i + 1)
  size_t count = word.size();
  for (size_t i = 0; i < count; ++i) ids[i] = byte_tokens_[static_cast<uint8_t>(word[i])];
  for (size_t i = 0; i + 1 < count; ++i) ranks[i] = RankOf(ids[i], ids[i + 1]);
  while (count > 1) {
    const size_t at = std::min_element(ranks, ranks + count - 1) - ranks;
    if (ranks[at] == kNoRank) break;
    ids[at] = Find(ids[at], ids[at + 1])->merged;
    std::copy(ids + at + 2, ids + count, ids + at + 1);
    std::copy(ranks + at + 1, ranks + count - 1, ranks + at);
    --count;
    if (at > 0) ranks[at - 1] = RankOf(ids[at - 1], ids[at]);
    if (at + 1 < count) ranks[at] = RankOf(ids[at], ids[at + 1]);
  }
  std::copy_if(ids, ids + count, std::back_inserter(out), [](int32_t id) { return id >= 0; });
}

// A heap of (rank, place) over a linked list. An entry counts only while the pair at its place still has its rank.
void BpeMerger::AppendLong(std::string_view word, Scratch& s, std::vector<int32_t>& out) const {
  const auto count = static_cast<int32_t>(word.size());
  s.ids.resize(count), s.previous.resize(count), s.next.resize(count), s.ranks.resize(count);
  s.heap.clear();
  const auto push = [&](int32_t at) {
    if (s.ranks[at] != kNoRank) s.heap.push_back(static_cast<uint64_t>(s.ranks[at]) << 32 | static_cast<uint32_t>(at));
    return s.ranks[at] != kNoRank;
  };
  const auto update = [&](int32_t at) {
    s.ranks[at] = s.next[at] < count ? RankOf(s.ids[at], s.ids[s.next[at]]) : kNoRank;
    if (push(at)) std::push_heap(s.heap.begin(), s.heap.end(), std::greater<>());
  };
  for (int32_t i = 0; i < count; ++i) {
    s.ids[i] = byte_tokens_[static_cast<uint8_t>(word[i])];
    s.previous[i] = i - 1;
    s.next[i] = i + 1;
  }
  for (int32_t i = 0; i < count; ++i) {
    s.ranks[i] = i + 1 < count ? RankOf(s.ids[i], s.ids[i + 1]) : kNoRank;
    push(i);
  }
  std::make_heap(s.heap.begin(), s.heap.end(), std::greater<>());
  while (!s.heap.empty()) {
    std::pop_heap(s.heap.begin(), s.heap.end(), std::greater<>());
    const uint64_t entry = s.heap.back();
    s.heap.pop_back();
    const auto at = static_cast<int32_t>(entry & UINT32_MAX);
    if (s.ranks[at] != entry >> 32) continue;
    const int32_t gone = s.next[at], after = s.next[gone];
    s.ids[at] = Find(s.ids[at], s.ids[gone])->merged;
    s.ranks[gone] = kNoRank;
    s.next[at] = after;
    if (after < count) s.previous[after] = at;
    update(at);
    if (s.previous[at] >= 0) update(s.previous[at]);
  }
  for (int32_t i = 0; i < count; i = s.next[i]) {
    if (s.ids[i] >= 0) out.push_back(s.ids[i]);
  }
}

}  // namespace retort

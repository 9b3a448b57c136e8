#include "plugins/draft/ngram.h"

#include <algorithm>

namespace drafting {

NgramStatistics::NgramStatistics(size_t order, size_t max_contexts) : order_(order), max_contexts_(max_contexts) {}

void NgramStatistics::Continuations::Add(int32_t next) {
  size_t least = 0;
  for (size_t i = 0; i < kKept; ++i) {
    if (token[i] == next) {
      ++count[i];
      return;
    }
    if (count[i] < count[least]) least = i;
  }
  // The least counted gives way, and its count is inherited (the space-saving sketch, Metwally et al. 2005): a newcomer
  // that comes often wins, one that comes once does not stay.
  token[least] = next;
  ++count[least];
}

int32_t NgramStatistics::Continuations::Best() const {
  size_t best = 0;
  for (size_t i = 1; i < kKept; ++i) {
    if (count[i] > count[best] || (count[i] == count[best] && count[i] > 0 && token[i] < token[best])) best = i;
  }
  return token[best];
}

NgramStatistics::Keys NgramStatistics::Hash(std::span<const int32_t> context) {
  uint64_t key = context.size(), check = ~uint64_t{context.size()};
  for (const int32_t token : context) {
    key = (key ^ static_cast<uint32_t>(token)) * 0x9E3779B97F4A7C15ULL;
    key ^= key >> 29;
    check = (check + static_cast<uint32_t>(token)) * 0xD6E8FEB86659FD93ULL;
    check ^= check >> 32;
  }
  return {key, check};
}

void NgramStatistics::Learn(std::span<const int32_t> sequence, size_t begin) {
  for (size_t at = std::max<size_t>(begin, 1); at < sequence.size(); ++at) {
    for (size_t n = 1; n <= std::min(order_, at); ++n) {
      const Keys keys = Hash(sequence.subspan(at - n, n));
      auto found = contexts_.find(keys.key);
      if (found == contexts_.end()) {
        if (contexts_.size() >= max_contexts_) continue;
        found = contexts_.emplace(keys.key, Continuations{}).first;
        found->second.check = keys.check;
      }
      if (found->second.check == keys.check) found->second.Add(sequence[at]);
    }
  }
}

std::vector<int32_t> NgramStatistics::Draft(std::span<const int32_t> sequence, size_t count, size_t min_match) const {
  const std::span<const int32_t> tail = sequence.last(std::min(order_, sequence.size()));
  std::vector<int32_t> text(tail.begin(), tail.end());
  const size_t given = text.size();
  while (text.size() - given < count) {
    int32_t next = -1;
    for (size_t n = std::min(order_, text.size()); n >= min_match && n > 0 && next < 0; --n) {
      const Keys keys = Hash(std::span<const int32_t>(text).last(n));
      const auto found = contexts_.find(keys.key);
      if (found != contexts_.end() && found->second.check == keys.check) next = found->second.Best();
    }
    if (next < 0) break;
    text.push_back(next);
  }
  return {text.begin() + static_cast<std::ptrdiff_t>(given), text.end()};
}

}  // namespace drafting

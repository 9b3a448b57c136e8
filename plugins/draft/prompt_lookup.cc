#include "plugins/draft/prompt_lookup.h"

#include <algorithm>

namespace drafting {

PromptLookup::PromptLookup(size_t min_match, size_t max_match)
    : min_match_(min_match), max_match_(max_match), ends_(max_match - min_match + 1) {}

uint64_t PromptLookup::HashSuffix(size_t end, size_t n) const {
  uint64_t hash = n;
  for (size_t i = end - n; i < end; ++i) {
    hash = (hash ^ static_cast<uint32_t>(tokens_[i])) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

bool PromptLookup::Equal(size_t end_a, size_t end_b, size_t n) const {
  const auto begin = [&](size_t end) { return tokens_.begin() + static_cast<std::ptrdiff_t>(end - n); };
  return std::equal(begin(end_a), begin(end_a) + static_cast<std::ptrdiff_t>(n), begin(end_b));
}

void PromptLookup::Update(std::span<const int32_t> sequence) {
  while (tokens_.size() < sequence.size()) {
    tokens_.push_back(sequence[tokens_.size()]);
    const size_t end = tokens_.size();
    for (size_t n = min_match_; n <= std::min(max_match_, end); ++n) {
      Ends& ends = ends_[n - min_match_][HashSuffix(end, n)];
      ends.previous = ends.last;
      ends.last = end;
    }
  }
}

std::vector<int32_t> PromptLookup::Draft(size_t count) const {
  const size_t end = tokens_.size();
  for (size_t n = std::min(max_match_, end); n >= min_match_ && n > 0; --n) {
    const auto found = ends_[n - min_match_].find(HashSuffix(end, n));
    if (found == ends_[n - min_match_].end()) continue;
    const size_t at = found->second.previous;
    if (at < n || !Equal(at, end, n)) continue;  // first time, or two n-grams with one hash
    std::vector<int32_t> draft;
    const size_t period = end - at;
    for (size_t i = 0; i < count; ++i) draft.push_back(tokens_[at + i % period]);
    return draft;
  }
  return {};
}

}  // namespace drafting

#include "plugins/draft/prompt_lookup.h"

#include <algorithm>

namespace drafting {

PromptLookup::PromptLookup(size_t min_match, size_t max_match)
    : min_match_(min_match), max_match_(max_match), ends_(max_match - min_match + 1) {}

/// Hash of the n tokens before `end`; these may stand in `ahead`, which follows tokens_.
uint64_t PromptLookup::HashSuffix(std::span<const int32_t> ahead, size_t end, size_t n) const {
  uint64_t hash = n;
  for (size_t i = end - n; i < end; ++i) {
    hash = (hash ^ static_cast<uint32_t>(At(ahead, i))) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

void PromptLookup::Update(std::span<const int32_t> sequence) {
  while (tokens_.size() < sequence.size()) {
    tokens_.push_back(sequence[tokens_.size()]);
    const size_t end = tokens_.size();
    for (size_t n = min_match_; n <= std::min(max_match_, end); ++n) {
      Ends& ends = ends_[n - min_match_][HashSuffix({}, end, n)];
      ends.previous = ends.last;
      ends.last = end;
    }
  }
}

std::vector<int32_t> PromptLookup::Draft(size_t count, std::span<const int32_t> ahead, size_t* match) const {
  const size_t end = tokens_.size() + ahead.size();
  for (size_t n = std::min(max_match_, end); n >= min_match_ && n > 0; --n) {
    const auto found = ends_[n - min_match_].find(HashSuffix(ahead, end, n));
    if (found == ends_[n - min_match_].end()) continue;
    const size_t at = ahead.empty() ? found->second.previous : found->second.last;
    bool equal = at >= n;  // else it is the first time
    for (size_t i = 1; i <= n && equal; ++i) equal = tokens_[at - i] == At(ahead, end - i);
    if (!equal) continue;  // two n-grams with one hash
    std::vector<int32_t> draft;
    const size_t period = end - at;
    for (size_t i = 0; i < count; ++i) draft.push_back(At(ahead, at + i % period));
    if (match != nullptr) *match = n;
    return draft;
  }
  return {};
}

}  // namespace drafting

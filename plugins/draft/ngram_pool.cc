#include "plugins/draft/ngram_pool.h"

#include <algorithm>

namespace drafting {

void NgramPool::Add(std::span<const int32_t> ngram) {
  std::vector<int32_t>& tails = tails_[ngram.front()];
  const auto tail = ngram.subspan(1);
  size_t place = 0;  // of the same tail, or of a new one
  while (place < tails.size() && !std::equal(tail.begin(), tail.end(), tails.begin() + static_cast<ptrdiff_t>(place)))
    place += tail_;
  if (place == tails.size()) {
    if (tails.size() / tail_ < capacity_)
      tails.resize(tails.size() + tail_);
    else
      place -= tail_;  // the oldest goes
  }
  const auto end = tails.begin() + static_cast<ptrdiff_t>(place);
  std::copy_backward(tails.begin(), end, end + static_cast<ptrdiff_t>(tail_));
  std::copy(tail.begin(), tail.end(), tails.begin());
}

void NgramPool::AddAll(std::span<const int32_t> text, size_t from) {
  for (size_t end = std::max(from, tail_); end < text.size(); ++end) Add(text.subspan(end - tail_, tail_ + 1));
}

std::span<const int32_t> NgramPool::After(int32_t token) const {
  const auto found = tails_.find(token);
  return found == tails_.end() ? std::span<const int32_t>() : found->second;
}

}  // namespace drafting

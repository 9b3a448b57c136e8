#include "plugins/shared/drafting/text_drafter.h"

#include <algorithm>

namespace drafting {

std::vector<int32_t> Text::Tail(size_t count) const {
  const size_t of_ahead = std::min(count, ahead.size()), of_tokens = std::min(count - of_ahead, tokens.size());
  const auto last = tokens.last(of_tokens);
  std::vector<int32_t> tail(last.begin(), last.end());
  tail.insert(tail.end(), ahead.end() - static_cast<std::ptrdiff_t>(of_ahead), ahead.end());
  return tail;
}

}  // namespace drafting

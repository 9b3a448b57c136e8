#include "plugins/draft/jacobi_window.h"

#include <utility>

namespace drafting {

/// A token that may follow `after`. Any guess will do to begin with, so the chance need not be a good one.
int32_t JacobiWindow::Likely(int32_t after, std::span<const int32_t> text, const NgramPool& pool) {
  if (const auto tails = pool.After(after); !tails.empty()) return tails.front();
  chance_ = chance_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's linear congruential generator
  return text[(chance_ >> 33) % text.size()];
}

void JacobiWindow::Begin(std::span<const int32_t> text, const NgramPool& pool) {
  int32_t token = text.back();
  for (std::vector<int32_t>& column : columns_) {
    column = {token};
    while (column.size() < levels_) column.push_back(Likely(column.back(), text, pool));
    token = levels_ > 1 ? column[1] : Likely(token, text, pool);
  }
}

void JacobiWindow::Move(size_t grown, std::span<const int32_t> answers, std::span<const int32_t> text,
                        const NgramPool& pool) {
  if (columns_.front().empty()) return Begin(text, pool);
  std::vector<std::vector<int32_t>> next;  // from the first position after the old last token on
  for (size_t i = 0; i + 1 < grown + columns_.size(); ++i) {
    const bool known = i < columns_.size();
    std::vector<int32_t> column = known ? std::move(columns_[i]) : next.back();
    const int32_t answer = known && !answers.empty() ? answers[i] : -1;
    const int32_t top = answer >= 0 ? answer : Likely(column.back(), text, pool);
    column.erase(column.begin());
    column.push_back(top);
    next.push_back(std::move(column));
  }
  next.erase(next.begin(), next.end() - static_cast<ptrdiff_t>(columns_.size()));
  next.front().front() = text.back();
  columns_ = std::move(next);
}

}  // namespace drafting

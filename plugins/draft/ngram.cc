#include "plugins/draft/ngram.h"

#include <algorithm>

namespace drafting {
namespace {

constexpr uint32_t kFree = UINT32_MAX;

}  // namespace

void NgramContext::Add(int32_t next) {
  size_t least = 0;
  for (size_t i = 0; i < kKept; ++i) {
    if (token[i] == next) {
      if (count[i] < UINT32_MAX) ++count[i];
      return;
    }
    if (count[i] < count[least]) least = i;
  }
  // The least counted gives way, and its count is inherited (the space-saving sketch, Metwally et al. 2005): a newcomer
  // that comes often wins, one that comes once does not stay.
  token[least] = next;
  if (count[least] < UINT32_MAX) ++count[least];
}

int32_t NgramContext::Best(double* share) const {
  size_t best = 0;
  double whole = count[0];
  for (size_t i = 1; i < kKept; ++i) {
    whole += count[i];
    if (count[i] > count[best] || (count[i] == count[best] && count[i] > 0 && token[i] < token[best])) best = i;
  }
  *share = whole > 0 ? count[best] / whole : 0;
  return token[best];
}

NgramStatistics::NgramStatistics(size_t order, size_t max_contexts)
    : order_(order), max_contexts_(max_contexts), slots_(64, kFree) {}

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

/// Where the key stands, or the free slot where it would. At least a quarter of the slots are free.
size_t NgramStatistics::Slot(uint64_t key) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = (key ^ key >> 32) & mask;
  while (slots_[slot] != kFree && contexts_[slots_[slot]].key != key) slot = (slot + 1) & mask;
  return slot;
}

const NgramContext* NgramStatistics::Find(Keys keys) const {
  const uint32_t index = slots_[Slot(keys.key)];
  return index != kFree && contexts_[index].check == keys.check ? &contexts_[index] : nullptr;
}

NgramContext* NgramStatistics::Make(Keys keys) {
  size_t slot = Slot(keys.key);
  if (slots_[slot] == kFree) {
    if (contexts_.size() >= max_contexts_) return nullptr;
    if (4 * (contexts_.size() + 1) > 3 * slots_.size()) {
      Grow();
      slot = Slot(keys.key);
    }
    slots_[slot] = static_cast<uint32_t>(contexts_.size());
    contexts_.push_back({.key = keys.key, .check = keys.check});
  }
  NgramContext& context = contexts_[slots_[slot]];
  return context.check == keys.check ? &context : nullptr;
}

void NgramStatistics::Grow() {
  slots_.assign(2 * slots_.size(), kFree);
  for (size_t i = 0; i < contexts_.size(); ++i) slots_[Slot(contexts_[i].key)] = static_cast<uint32_t>(i);
}

void NgramStatistics::Learn(std::span<const int32_t> sequence, size_t begin) {
  for (size_t at = std::max<size_t>(begin, 1); at < sequence.size(); ++at) {
    for (size_t n = 1; n <= std::min(order_, at); ++n) {
      if (NgramContext* context = Make(Hash(sequence.subspan(at - n, n)))) context->Add(sequence[at]);
    }
  }
}

std::vector<int32_t> NgramStatistics::Draft(std::span<const int32_t> sequence, size_t count, size_t min_match,
                                            double min_share, size_t* match) const {
  const std::span<const int32_t> tail = sequence.last(std::min(order_, sequence.size()));
  std::vector<int32_t> text(tail.begin(), tail.end());
  const size_t given = text.size();
  double likely = 1;
  while (text.size() - given < count) {
    int32_t next = -1;
    double share = 0;
    size_t n = std::min(order_, text.size());
    for (; n >= min_match && n > 0; --n) {
      const NgramContext* context = Find(Hash(std::span<const int32_t>(text).last(n)));
      if (context != nullptr && (next = context->Best(&share)) >= 0) break;
    }
    likely *= share;
    if (next < 0 || likely < min_share) break;
    if (match != nullptr && text.size() == given) *match = n;
    text.push_back(next);
  }
  return {text.begin() + static_cast<std::ptrdiff_t>(given), text.end()};
}

std::vector<NgramContext> NgramStatistics::Sorted() const {
  std::vector<NgramContext> sorted = contexts_;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return sorted;
}

bool NgramStatistics::Take(std::span<const NgramContext> contexts) {
  for (const NgramContext& given : contexts) {
    const size_t before = contexts_.size();
    NgramContext* const context = Make({given.key, given.check});
    if (context == nullptr || contexts_.size() == before) return false;
    *context = given;
  }
  return true;
}

}  // namespace drafting

#include "core/graph/engine/reorder_buffer.h"

#include <algorithm>
#include <bit>

namespace retort {
namespace {

bool Later(const Record* a, const Record* b) { return a->number > b->number; }

}  // namespace

void ReorderBuffer::Settle(uint64_t number) {
  if (number < next_) return;
  uint64_t word = number / 64 - next_ / 64;
  if (word >= settled_.size()) settled_.resize(word + 1);
  settled_[word] |= uint64_t{1} << (number % 64);
  while (!settled_.empty()) {
    uint64_t open = ~settled_.front() & (~uint64_t{0} << (next_ % 64));
    if (open != 0) {
      next_ = next_ / 64 * 64 + static_cast<uint64_t>(std::countr_zero(open));
      return;
    }
    next_ = (next_ / 64 + 1) * 64;
    settled_.pop_front();
  }
}

void ReorderBuffer::Release(Chain& ready) {
  while (!waiting_.empty() && waiting_.front()->number < next_) {
    std::pop_heap(waiting_.begin(), waiting_.end(), Later);
    ready.Append(waiting_.back());
    waiting_.pop_back();
  }
}

void ReorderBuffer::Arrive(Record* record, Chain& ready) {
  Settle(record->number);
  if (record->number < next_ && waiting_.empty()) {
    ready.Append(record);
    return;
  }
  waiting_.push_back(record);
  std::push_heap(waiting_.begin(), waiting_.end(), Later);
  Release(ready);
}

void ReorderBuffer::Left(uint64_t number, Chain& ready) {
  Settle(number);
  Release(ready);
}

void ReorderBuffer::TakeAll(Chain& out) {
  std::sort(waiting_.begin(), waiting_.end(), [](const Record* a, const Record* b) { return a->number < b->number; });
  for (Record* record : waiting_) out.Append(record);
  waiting_.clear();
}

}  // namespace retort

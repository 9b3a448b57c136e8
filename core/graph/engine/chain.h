// Records linked through Record::next: the message on every edge of the graph, three words whatever its length.
#pragma once

#include <cstdint>

#include "core/plugin/record.h"

namespace retort {

struct Chain {
  Record* head = nullptr;
  Record* tail = nullptr;
  uint32_t count = 0;

  bool empty() const { return count == 0; }

  void Append(Record* record) {
    record->next = nullptr;
    (head == nullptr ? head : tail->next) = record;
    tail = record;
    ++count;
  }

  void Append(const Chain& other) {
    if (other.empty()) return;
    (head == nullptr ? head : tail->next) = other.head;
    tail = other.tail;
    count += other.count;
  }

  /// The first record, or null.
  Record* Pop() {
    Record* first = head;
    if (first == nullptr) return nullptr;
    head = first->next;
    if (head == nullptr) tail = nullptr;
    --count;
    return first;
  }
};

}  // namespace retort

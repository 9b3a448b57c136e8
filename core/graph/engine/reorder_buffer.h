// Puts the records that come to an ordered stage into the order of their admission.
// A record is ready once every earlier one has come here or left the graph, so a record that failed, was skipped or
// went another way holds nobody up for ever, and one that comes a second time (a cycle) passes at once. The earliest
// record in flight never waits, so ordered stages cannot deadlock. Waiting records are bounded by the credits. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/graph/engine/chain.h"

namespace retort {

class ReorderBuffer {
 public:
  /// `record` came to the stage; what is ready now is appended to `ready`.
  void Arrive(Record* record, Chain& ready);
  /// The record of that number left the graph, or never will come here.
  void Left(uint64_t number, Chain& ready);

  size_t waiting() const { return waiting_.size(); }
  /// Take all that wait, in order, e.g. after a run that was stopped.
  void TakeAll(Chain& out);

 private:
  void Settle(uint64_t number);
  void Release(Chain& ready);

  uint64_t next_ = 0;             // every lower number has come or left
  std::deque<uint64_t> settled_;  // bit i of word w: number (next_ / 64 + w) * 64 + i has come or left
  std::vector<Record*> waiting_;  // a heap, lowest number first
};

}  // namespace retort

// Admission by credits, and the pool that the admitted records live in.
// Back-pressure is nothing else than a source that gets no credits. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <oneapi/tbb/spin_mutex.h>

#include "core/graph/engine/chain.h"

namespace retort {

class Admission {
 public:
  Admission(uint32_t credits, uint64_t credit_bytes, uint64_t run_seed);

  /// What a source may create in one call. Its bytes are guessed from the largest record so far, so that the bound on
  /// bytes is kept unless a record is larger than every one before it.
  struct Grant {
    uint32_t records = 0;
    uint64_t bytes = 0;
  };

  /// Credits for one call of one of `sources` live sources. No records: too few are free, and the Leave that frees
  /// enough of them says so. An eighth of all credits has to be free, so that a full graph is not refilled one by one.
  Grant Reserve(uint32_t sources);
  /// Whether Reserve would grant records.
  bool Ready();

  /// A fresh record out of a grant.
  Record* Create();

  /// Turn a grant into what was made of it: records created, their bytes in all, and the bytes of the largest.
  void Settle(const Grant& grant, const Grant& created, uint64_t largest);

  /// Take back records that left the graph and free what hangs on them. True: sources that got no credits may ask
  /// again.
  bool Leave(Chain records);

  /// Records that are out of the pool: after a run, those that nobody accounted for.
  std::vector<const Record*> InFlight() const;

 private:
  static constexpr uint32_t kInPool = ~0u;  // Record::stage of a record that is not in flight

  bool CanGrant() const;  // with mutex_ held

  const uint32_t credits_;
  const uint32_t threshold_;  // credits that must be free before a source is called again
  const uint64_t credit_bytes_;
  const uint64_t run_seed_;

  tbb::spin_mutex mutex_;
  uint32_t free_;
  uint64_t bytes_ = 0;       // of records in flight and of grants
  uint64_t largest_ = 4096;  // bytes of the largest record so far; a guess until there is one
  bool measured_ = false;
  bool starved_ = false;  // a source was refused
  uint64_t next_number_ = 0;
  Chain pool_;
  std::deque<Record> storage_;  // never more than credits_, each reused
};

}  // namespace retort

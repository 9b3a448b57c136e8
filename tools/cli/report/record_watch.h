// Looks at some records of a run as their sequences end: who produced which token.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/graph/report/explanation.h"
#include "core/graph/run_probes.h"

namespace retort::cli {

struct WatchedRecord {
  uint64_t number = 0;  // in order of admission
  std::string asked;    // the prompt's text, or the last message of a chat; cut where it is long
  std::string kind;
  Explanation explanation;
};

class RecordWatch {
 public:
  /// The first `first` records, and the one with the id `id` ("": none).
  RecordWatch(size_t first, std::string id) : first_(first), id_(std::move(id)) {}
  RecordWatch(const RecordWatch&) = delete;
  RecordWatch& operator=(const RecordWatch&) = delete;

  /// Probes that refer to this, which must outlive the run. Empty where nothing is watched.
  RunProbes Probes();
  /// After the run: those that were generated, in order of admission.
  std::vector<WatchedRecord> Take();

 private:
  bool Wanted(const Record& record) const { return record.number < first_ || (!id_.empty() && record.id == id_); }
  void Look(const Record& record);

  const size_t first_;
  const std::string id_;
  std::mutex mutex_;
  std::vector<WatchedRecord> seen_;  // guarded by mutex_
};

}  // namespace retort::cli

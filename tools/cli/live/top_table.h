// The table of `retort top`: what the stages of a run do, from one page of its metrics or the difference of two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/cli/live/exposition.h"

namespace retort::cli {

/// Figures of a run at one moment, as its metrics have them.
struct TopSnapshot {
  struct Stage {
    std::string name;
    double calls = 0, records = 0, busy_seconds = 0;  // so far; records: those that came in, of a source those sent on
    double queue = 0, running = 0;                    // now
    double batches = 0, batch_records = 0;            // so far
    double max_batch = 0;                             // 0: a source
  };
  std::string pipeline, pid;
  double seconds = 0, tokens = 0;
  double done = 0, failed = 0, skipped = 0, cancelled = 0, in_flight = 0;
  std::optional<double> expected;
  double draft_tokens = 0, accepted_tokens = 0;
  double resident_bytes = 0;
  std::vector<Stage> stages;
};

/// Errors: kDataLoss where `page` is no text of metrics or not that of a run.
Result<TopSnapshot> ReadSnapshot(const std::string& page);

/// Rates since `before`, or since the run began.
std::string TopTable(const TopSnapshot& now, const TopSnapshot* before, const std::string& endpoint);

}  // namespace retort::cli

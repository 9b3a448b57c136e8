// A run while it is on, and what can be said of it before its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/engine/engine.h"

namespace retort {

struct RunView {
  Engine::Progress records{};
  uint64_t tokens = 0;            // generated so far
  std::vector<LiveStage> stages;  // in the pipeline's order

  uint64_t ended() const { return records.completed + records.failed + records.skipped + records.cancelled; }
  /// A counter, over all stages.
  double Sum(const std::string& counter) const;
};

struct ExpectedRecords {
  uint64_t records = 0;
  bool exact = false;  // every source has come to its end
};

/// How many records the run will have read at its end. A source tells it by its end, or by the counters `input_bytes`
/// (the size of its input, counted once), `input_bytes_read` and `input_records_at_most` (where it stops early).
/// nullopt: some source tells nothing, or has read nothing yet.
std::optional<ExpectedRecords> ExpectRecords(const RunView& view);

/// Accepted tokens over the drafted ones that were verified. nullopt: there were none.
std::optional<double> AcceptanceRate(const RunView& view);

}  // namespace retort

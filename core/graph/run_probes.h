// What a test of a pipeline hangs on its run: a fault for every record, and a look at sequences as they were generated.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/decode/injected_fault.h"
#include "core/plugin/stage_body.h"

namespace retort {

struct RunProbes {
  InjectedFault fault = InjectedFault::kNone;
  /// Called once for each sequence, as it leaves the stage that ended it; from several threads at once. The record is
  /// that of the call.
  std::function<void(const std::string& stage, const Record& record)> on_sequence_end{};

  /// Whose tokens are told apart by who produced them (Record::provenance); asked before a stage first sees the record.
  std::function<bool(const Record& record)> keep_provenance{};

  /// Called with every record that a stage is given, before the stage; from several threads at once.
  std::function<void(const std::string& stage, const Record& record)> on_receive{};

  bool empty() const { return fault == InjectedFault::kNone && !on_sequence_end && !keep_provenance && !on_receive; }
};

/// `stage` with the probes around it.
std::unique_ptr<StageBody> ProbeStage(std::string name, std::unique_ptr<StageBody> stage, RunProbes probes);

}  // namespace retort

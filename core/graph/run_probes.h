// What is hung on a run to look at it: a fault for every record, a look at sequences as they were generated, a trace of
// the calls. What is not asked for costs nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/decode/injected_fault.h"
#include "core/plugin/stage_body.h"

namespace retort {

class TraceRecorder;

struct RunProbes {
  InjectedFault fault = InjectedFault::kNone;
  /// Called once for each sequence, as it leaves the stage that ended it; from several threads at once. The record is
  /// that of the call.
  std::function<void(const std::string& stage, const Record& record)> on_sequence_end{};

  /// Whose tokens are told apart by who produced them (Record::provenance); asked before a stage first sees the record.
  std::function<bool(const Record& record)> keep_provenance{};

  /// Called with every record that a stage is given, before the stage; from several threads at once.
  std::function<void(const std::string& stage, const Record& record)> on_receive{};
  /// Stages that are not run, by name, and what makes that which runs in their place. Models of these alone are not
  /// loaded.
  std::map<std::string, std::function<std::unique_ptr<StageBody>()>> stand_ins{};
  /// Where calls are recorded (stages by their place in the pipeline); must outlive the run. Null: nowhere.
  TraceRecorder* trace = nullptr;

  /// Whether ProbeStage has nothing to do.
  bool empty() const { return fault == InjectedFault::kNone && !on_sequence_end && !keep_provenance && !on_receive; }
};

/// `stage` with the probes around it.
std::unique_ptr<StageBody> ProbeStage(std::string name, std::unique_ptr<StageBody> stage, RunProbes probes);

}  // namespace retort

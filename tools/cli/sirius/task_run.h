// A pipeline over tasks, in this process: what it wrote, checked, and what it took.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/graph/run.h"
#include "tools/cli/score_output.h"

namespace retort::cli {

using Settings = std::map<std::string, std::string>;  // a pipeline's variables

struct TaskRun {
  RunReport report;
  std::vector<double> passed;  // 1 or 0, by task
  uint64_t tokens = 0;         // generated

  /// Prompts included.
  double tokens_per_second() const { return report.seconds > 0 ? static_cast<double>(tokens) / report.seconds : 0; }
};

/// Run `pipeline` over the tasks in `file`. Its variables `input` and `output` are set; `settings` gives others.
/// `records`: in flight at most, 0: as the pipeline says. Faults of the pipeline are printed, as by `retort run`.
/// Errors: kInvalidArgument for a pipeline with faults, or that lacks the variables; those of the run; kDataLoss where
/// records failed.
Result<TaskRun> RunTasks(const std::string& pipeline, Settings settings, const std::string& file,
                         const std::vector<Task>& tasks, const std::string& output, uint32_t records = 0);

/// Sums over a run's stages; 0 where no stage has it.
double CounterOf(const RunReport& report, const std::string& name);
StageStats::Distribution SamplesOf(const RunReport& report, const std::string& name);
/// Seconds of all decoding steps of a verifier: the sum of its `step_seconds/ROWS`.
double StepSeconds(const RunReport& report);

}  // namespace retort::cli

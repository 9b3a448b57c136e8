// The loop of Sirius over tasks with checkable answers: what sparsity loses, what correction wins back, and what both
// cost. `retort bench sirius`.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "retort/status.h"
#include "tools/cli/sirius/task_run.h"
#include "tools/cli/tasks/resample.h"

namespace retort::cli {

struct SiriusBenchOptions {
  std::string tasks = "pipelines/data/tasks.jsonl";
  std::string plain = "pipelines/tasks.yaml", sirius = "pipelines/sirius.yaml";
  Settings common;  // variables of both pipelines
  /// Over those, of sirius.yaml.
  Settings coarse = {{"density", "0.7"}}, fine = {{"density", "0.5"}};
  size_t every = 1;         // of the tasks, every so many
  size_t timed_tasks = 51;  // of these, in the runs that are timed: spread over all kinds
  BootstrapOptions bootstrap;
};

/// For `coarse` and `fine`: `accuracy_full`, `accuracy_sparse` (all sparse tokens stand), `accuracy_corrected` and
/// `recovery`, each as a figure and with its paired-bootstrap interval under `intervals`; `aal` and `effective_density`
/// of the corrected run, and both without each record's last check; `loop_over_bound`, its decoding time with one
/// record at a time over the time of its sparse and whole steps alone; and tokens a second of it and of plain decoding,
/// one and eight records at a time. `show` hears what is done next. Errors: those of RunTasks and ReadTasks.
Result<nlohmann::ordered_json> RunSiriusBench(const SiriusBenchOptions& options,
                                              const std::function<void(const std::string&)>& show);

}  // namespace retort::cli

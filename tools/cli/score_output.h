// The completions of a run over tasks, checked.
#pragma once

#include <string>
#include <vector>

#include "retort/status.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {

struct Scored {
  std::vector<double> passed;  // 1 or 0, by task
  size_t missing = 0;          // tasks without a completion, which count as failed
};

/// Errors: those of ReadCompletions; kInvalidArgument for a task with several completions, or a file with none of any
/// task.
Result<Scored> ScoreOutput(const std::vector<Task>& tasks, const std::string& path);

}  // namespace retort::cli

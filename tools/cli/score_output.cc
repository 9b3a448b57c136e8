#include "tools/cli/score_output.h"

#include "tools/cli/completions.h"

namespace retort::cli {

Result<Scored> ScoreOutput(const std::vector<Task>& tasks, const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const Completions completions, ReadCompletions(path));
  Scored scored;
  for (const Task& task : tasks) {
    const auto found = completions.find(task.id);
    if (found != completions.end() && found->second.size() > 1)
      return InvalidArgument(path + ": task " + task.id + " has " + std::to_string(found->second.size()) +
                             " completions; expected one, as a run over the file of tasks writes");
    scored.missing += found == completions.end() ? 1 : 0;
    scored.passed.push_back(found != completions.end() && Passes(task, found->second.front()) ? 1 : 0);
  }
  if (scored.missing == tasks.size())
    return InvalidArgument(path + ": has no completion of any of the tasks; expected the output of a run over them");
  return scored;
}

}  // namespace retort::cli

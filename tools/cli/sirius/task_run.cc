#include "tools/cli/sirius/task_run.h"

#include <algorithm>

#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {

double CounterOf(const RunReport& report, const std::string& name) {
  double sum = 0;
  for (const auto& [stage, stats] : report.stages) {
    if (const auto found = stats.counters.find(name); found != stats.counters.end()) sum += found->second;
  }
  return sum;
}

StageStats::Distribution SamplesOf(const RunReport& report, const std::string& name) {
  StageStats::Distribution all;
  for (const auto& [stage, stats] : report.stages) {
    const auto found = stats.samples.find(name);
    if (found == stats.samples.end()) continue;
    all.count += found->second.count;
    all.sum += found->second.sum;
  }
  return all;
}

double StepSeconds(const RunReport& report) {
  double sum = 0;
  for (const auto& [stage, stats] : report.stages) {
    for (const auto& [name, samples] : stats.samples) sum += name.starts_with("step_seconds/") ? samples.sum : 0;
  }
  return sum;
}

Result<TaskRun> RunTasks(const std::string& pipeline, Settings settings, const std::string& file,
                         const std::vector<Task>& tasks, const std::string& output, uint32_t records) {
  settings["input"] = file;
  settings["output"] = output;
  LoadOptions options;
  options.variables = {settings.begin(), settings.end()};
  const auto loaded = LoadOrReport(pipeline, options, LoadStages());
  if (!loaded) return InvalidArgument(pipeline + ": cannot be run with these settings");
  PipelineDescription description = loaded->description;
  if (records > 0) {
    description.engine.credits = records;
    for (StageDescription& stage : description.stages) stage.max_batch = std::min(stage.max_batch, records);
  }
  RETORT_ASSIGN_OR_RETURN(const std::unique_ptr<PipelineRun> run, PipelineRun::Create(description, pipeline));
  TaskRun result;
  result.report = run->Run();
  RETORT_RETURN_IF_ERROR(result.report.status);
  if (result.report.failed > 0) {
    return DataLoss(pipeline + ": " + std::to_string(result.report.failed) + " of " + std::to_string(tasks.size()) +
                    " records failed; `retort run " + pipeline + "` writes why into its dead-letter file");
  }
  RETORT_ASSIGN_OR_RETURN(Scored scored, ScoreOutput(tasks, output));
  result.passed = std::move(scored.passed);
  result.tokens = GeneratedTokens(result.report);
  return result;
}

}  // namespace retort::cli

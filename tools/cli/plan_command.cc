// retort plan: what a pipeline would do and cost.
#include <memory>

#include "core/graph/plan.h"
#include "core/ops/calibrate.h"
#include "tools/cli/commands.h"
#include "tools/cli/lock/pipeline_lock.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct PlanArguments {
  PipelineArguments pipeline;
  LockUse lock = LockUse::kIfThere;
  bool json = false, time = false;
};

int ShowPlan(const PlanArguments& arguments) {
  const auto loaded = LoadOrReport(arguments.pipeline, LoadStages());
  if (!loaded) return kUsage;
  auto plan = MakePlan(loaded->description, arguments.pipeline.file);
  const Status ready =
      plan.ok() ? CheckLock(loaded->description, arguments.pipeline.file, arguments.lock, LockScope::kPluginsAndModels)
                : plan.status();
  if (!ready.ok()) {
    PrintStatus(ready);
    return kUsage;
  }
  if (arguments.time) {
    const auto machine = Calibrate(loaded->description.engine.threads);
    if (!machine.ok()) {
      PrintStatus(machine.status());
      return kAborted;
    }
    EstimateSteps(*machine, &*plan);
  }
  Print(arguments.json ? PlanJson(*plan).dump(2) + "\n" : PlanText(*plan));
  return kDone;
}

}  // namespace

void AddPlanCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("plan", "Show what a pipeline would do and cost; nothing is executed");
  auto arguments = std::make_shared<PlanArguments>();
  AddPipelineArguments(*command, arguments->pipeline);
  AddLockOptions(*command, &arguments->lock);
  command->add_flag("--json", arguments->json, "As JSON");
  command->add_flag("--time", arguments->time,
                    "Measure what this machine can do at most (a second), and say how long steps take at least");
  command->footer(
      "Shows stages, port types, cycles with their bound, records in flight, and each model's memory. The time of a "
      "step\n"
      "is a bound: weights and keys read once from memory, or all products at their peak, whichever takes longer.\n"
      "Example: retort plan pipelines/speculative.yaml -s model=smollm2-135m-instruct");
  command->callback([=] { *action = [=] { return ShowPlan(*arguments); }; });
}

}  // namespace retort::cli

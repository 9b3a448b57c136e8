// retort run: run a pipeline.
#include <csignal>
#include <memory>
#include <optional>

#include "core/graph/run.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/run_progress.h"
#include "tools/cli/run_summary.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct RunArguments {
  PipelineArguments pipeline;
  std::optional<uint64_t> seed;
  std::optional<int> threads;
  bool deterministic = false, quiet = false, json = false;
};

/// While it lives, Ctrl-C (and SIGTERM) drains `run` the first time and stops it the second; the third, for a stage that
/// never returns, ends the process.
class InterruptScope {
 public:
  explicit InterruptScope(PipelineRun& run) {
    active_ = &run;
    count_ = 0;
    struct sigaction action = {};
    action.sa_handler = &InterruptScope::Handle;
    sigaction(SIGINT, &action, &old_interrupt_);
    sigaction(SIGTERM, &action, &old_terminate_);
  }
  ~InterruptScope() {
    sigaction(SIGINT, &old_interrupt_, nullptr);
    sigaction(SIGTERM, &old_terminate_, nullptr);
    active_ = nullptr;
  }

 private:
  static void Handle(int) {
    PipelineRun* const run = active_;
    if (run == nullptr) return;
    count_ = count_ + 1;
    if (count_ == 1) {
      run->Drain();
    } else {
      run->StopNow();
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
    }
  }
  static inline PipelineRun* volatile active_ = nullptr;
  static inline volatile std::sig_atomic_t count_ = 0;
  struct sigaction old_interrupt_ = {}, old_terminate_ = {};
};

void Override(const RunArguments& arguments, PipelineDescription& pipeline) {
  if (arguments.seed) pipeline.engine.seed = *arguments.seed;
  if (arguments.deterministic) pipeline.engine.deterministic = true;
  if (!arguments.threads) return;
  pipeline.engine.threads = *arguments.threads;
  for (ModelDescription& model : pipeline.models) model.config.threads = *arguments.threads;
}

int Run(const RunArguments& arguments) {
  auto loaded = LoadOrReport(arguments.pipeline, LoadStages());
  if (!loaded) return kUsage;
  PipelineDescription& pipeline = loaded->description;
  Override(arguments, pipeline);
  auto made = PipelineRun::Create(pipeline, arguments.pipeline.file);
  if (!made.ok()) {
    PrintStatus(made.status());
    return ExitCodeOf(made.status());
  }
  PipelineRun& run = **made;
  RunReport report;
  {
    const InterruptScope interrupt(run);
    std::optional<RunProgress> progress;
    if (!arguments.quiet) progress.emplace(run);
    report = run.Run();
  }
  if (!arguments.quiet) PrintError(RunSummaryText(pipeline, report));
  if (arguments.json)
    Print(RunSummaryJson(pipeline, report).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
          "\n");
  if (report.status.code() == StatusCode::kCancelled) return kInterrupted;
  if (!report.status.ok()) {
    PrintStatus(report.status);
    return kAborted;
  }
  return report.failed > 0 ? kSomeFailed : kDone;
}

}  // namespace

void AddRunCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("run", "Run a pipeline");
  auto arguments = std::make_shared<RunArguments>();
  AddPipelineArguments(*command, arguments->pipeline);
  command->add_option("--seed", arguments->seed, "Seed of all chance, instead of the pipeline's")->type_name("N");
  command->add_option("--threads", arguments->threads, "Threads of the engine and of the models; 0 = all")
      ->check(CLI::Range(0, 4096))
      ->type_name("N");
  command->add_flag("--deterministic", arguments->deterministic,
                    "One call at a time: the same seed gives the same bytes");
  command->add_flag("--quiet", arguments->quiet, "No progress and no summary on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON on stdout");
  command->footer(
      "Ctrl-C once finishes what is in flight and ends; twice stops now; a third time ends the process.\n"
      "Exit codes: 0 done, 1 some records failed (they are in the dead-letter file), 2 usage or configuration,\n"
      "3 run aborted, 130 interrupted.\n"
      "Example: retort run pipelines/speculative.yaml -s input=prompts.jsonl -s output=out.jsonl --seed 7");
  command->callback([=] { *action = [=] { return Run(*arguments); }; });
}

}  // namespace retort::cli

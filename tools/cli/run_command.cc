// retort run: run a pipeline.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/graph/run.h"
#include "tools/cli/colour.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/live/run_monitor.h"
#include "tools/cli/lock/pipeline_lock.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/report/explain_text.h"
#include "tools/cli/report/run_page.h"
#include "tools/cli/run_against.h"
#include "tools/cli/run_summary.h"
#include "tools/cli/stage_recorder.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kSampleRecords = 6, kShownLetters = 20;  // of a report

struct RunArguments {
  PipelineArguments pipeline;
  LockUse lock = LockUse::kIfThere;
  std::vector<std::string> record_stage;  // "STAGE=FILE"
  std::string against, report, explain;
  std::optional<uint64_t> seed;
  std::optional<int> threads;
  MonitorOptions monitor;
  bool deterministic = false, quiet = false, json = false, require_identical = false;
};

/// A run that came to its end, well or not.
struct Ended {
  PipelineDescription pipeline;
  RunReport report;
  int exit_code = kDone;
  bool ran = false;  // false: it never started
  std::vector<ModelFacts> models;
};

void Override(const RunArguments& arguments, PipelineDescription& pipeline) {
  if (arguments.seed) pipeline.engine.seed = *arguments.seed;
  if (arguments.deterministic) pipeline.engine.deterministic = true;
  if (!arguments.threads) return;
  pipeline.engine.threads = *arguments.threads;
  for (ModelDescription& model : pipeline.models) model.config.threads = *arguments.threads;
}

/// Say on stderr what came of a run. Its exit code.
int Summarise(const RunArguments& arguments, const Ended& ended) {
  const Status& status = ended.report.status;
  const bool interrupted = status.code() == StatusCode::kCancelled;
  if (!arguments.quiet) PrintError(RunSummaryText(ended.pipeline, ended.report));
  if (interrupted && !arguments.quiet) PrintError("\nInterrupted: " + status.message() + "\n");
  if (!status.ok() && !interrupted) PrintStatus(status);
  if (status.ok()) return ended.report.failed > 0 ? kSomeFailed : kDone;
  return interrupted ? kInterrupted : kAborted;
}

/// Run `pipeline`; faults that keep it from starting are printed and give only an exit code.
Ended RunOne(const RunArguments& arguments, const MonitorOptions& monitoring, PipelineDescription pipeline,
             const std::string& file, RunProbes probes = {}) {
  Override(arguments, pipeline);
  Ended ended{std::move(pipeline), {}, kDone, false, {}};
  const auto refuse = [&](const Status& why) {
    PrintStatus(why);
    ended.report.status = why;
    ended.exit_code = ExitCodeOf(why);
    return ended;
  };
  auto monitor = RunMonitor::Open(monitoring, ended.pipeline, file, arguments.quiet);
  if (!monitor.ok()) return refuse(monitor.status());
  probes.trace = (*monitor)->recorder();
  auto made = PipelineRun::Create(ended.pipeline, file, probes);
  if (!made.ok()) return refuse(made.status());
  PipelineRun& run = **made;
  Status watched;
  {
    const InterruptScope interrupt(run, arguments.quiet);
    (*monitor)->Begin(run);
    ended.report = run.Run();
    watched = (*monitor)->End();
  }
  ended.ran = true;
  if (!arguments.report.empty()) ended.models = FactsOf(run.models());
  ended.exit_code = Summarise(arguments, ended);
  if (watched.ok()) return ended;
  PrintStatus(watched);
  ended.exit_code = kAborted;
  return ended;
}

/// Run the second pipeline and add the comparison to `json`.
int RunAgainst(const RunArguments& arguments, const Ended& first, PipelineDescription pipeline, Json& json) {
  MonitorOptions monitoring = arguments.monitor;
  monitoring.trace.clear();  // the file holds the first run
  const Ended second = RunOne(arguments, monitoring, std::move(pipeline), arguments.against);
  if (second.exit_code != kDone && second.exit_code != kSomeFailed) return second.exit_code;
  const auto texts = CompareCompletions(first.pipeline.variables.at("output"), second.pipeline.variables.at("output"));
  if (!texts.ok()) {
    PrintStatus(texts.status());
    return kAborted;
  }
  if (!arguments.quiet) PrintError(AgainstText(first.report, second.report, *texts, arguments.against));
  json["against"] = RunSummaryJson(second.pipeline, second.report);
  json["speed_up"] = SpeedUp(first.report, second.report) > 0 ? Json(SpeedUp(first.report, second.report)) : Json();
  json["texts"] = TextsJson(*texts);
  const bool must_agree = arguments.require_identical || (IsExact(first.pipeline) && IsExact(second.pipeline));
  const int differ = must_agree && !texts->same() ? kSomeFailed : kDone;
  return std::max({first.exit_code, second.exit_code, differ});
}

/// Load a pipeline whose plugins and models are those of its lock. nullopt after saying why.
std::optional<LoadedPipeline> LoadLocked(const RunArguments& arguments, const std::string& file,
                                         const LoadOptions& settings) {
  auto loaded = LoadOrReport(file, settings, LoadStages());
  if (!loaded) return std::nullopt;
  const Status locked = CheckLock(loaded->description, file, arguments.lock, LockScope::kPluginsAndModels);
  if (locked.ok()) return loaded;
  PrintStatus(locked);
  return std::nullopt;
}

/// Load the second pipeline with the same settings but an output of its own. nullopt after saying why.
std::optional<LoadedPipeline> LoadSecond(const RunArguments& arguments, const PipelineDescription& first,
                                         LoadOptions settings) {
  const auto output = first.variables.find("output");
  if (output == first.variables.end()) {
    PrintStatus(
        InvalidArgument(arguments.pipeline.file + ": --against needs a pipeline that writes to the variable `output`"));
    return std::nullopt;
  }
  settings.variables["output"] = AgainstPath(output->second);
  settings.profiles.clear();  // of the first pipeline, as are values of its stages and models
  std::erase_if(settings.overrides, [](const auto& value) { return !value.first.starts_with("engine."); });
  auto second = LoadLocked(arguments, arguments.against, settings);
  if (!second) return std::nullopt;
  Status status = CheckRepeatable(arguments.pipeline.file, first);
  if (status.ok()) status = CheckRepeatable(arguments.against, second->description);
  if (status.ok()) return second;
  PrintStatus(status);
  return std::nullopt;
}

/// The page about the run, whatever came of it. Its exit code, or what went wrong with the page.
int WriteReport(const RunArguments& arguments, const Ended& ended, std::vector<WatchedRecord> samples) {
  if (samples.size() > kSampleRecords) samples.resize(kSampleRecords);
  const RunPage page{&ended.pipeline,         &ended.report,
                     arguments.pipeline.file, ended.models,
                     std::move(samples),      ReadLetters(ended.pipeline.engine.dead_letter_path, kShownLetters)};
  const Status status = WriteRunPage(page, arguments.report);
  if (status.ok()) return ended.exit_code;
  PrintStatus(status.Annotate("--report"));
  return kAborted;
}

/// The record asked for, on stdout or in `json`.
int ShowExplanation(const RunArguments& arguments, const std::vector<WatchedRecord>& watched, Json& json) {
  const auto found = std::find_if(watched.begin(), watched.end(),
                                  [&](const auto& record) { return record.explanation.id == arguments.explain; });
  if (found == watched.end()) {
    PrintStatus(NotFound("--explain " + arguments.explain + ": no sequence of a record with this id came to its end"));
    return kSomeFailed;
  }
  if (arguments.json) {
    json["explained"] = ExplainJson(found->explanation);
  } else {
    Print(ExplainText(found->explanation, OutputWantsColours()));
  }
  return kDone;
}

int Run(const RunArguments& arguments) {
  const auto settings = OptionsOf(arguments.pipeline);
  if (!settings.ok()) {
    PrintStatus(settings.status());
    return kUsage;
  }
  const auto loaded = LoadLocked(arguments, arguments.pipeline.file, *settings);
  if (!loaded) return kUsage;
  std::optional<LoadedPipeline> second;
  if (!arguments.against.empty() && !(second = LoadSecond(arguments, loaded->description, *settings))) return kUsage;
  const auto recorder = StageRecorder::Open(arguments.record_stage, loaded->description);
  if (!recorder.ok()) {
    PrintStatus(recorder.status());
    return kUsage;
  }
  RecordWatch watch(arguments.report.empty() ? 0 : kSampleRecords, arguments.explain);
  RunProbes probes = watch.Probes();
  if (!(*recorder)->empty())
    probes.on_receive = [&](const std::string& stage, const Record& record) { (*recorder)->Receive(stage, record); };
  const Ended ended = RunOne(arguments, arguments.monitor, loaded->description, arguments.pipeline.file, probes);
  if (ended.exit_code == kUsage) return kUsage;
  const std::vector<WatchedRecord> watched = watch.Take();
  Json json = RunSummaryJson(ended.pipeline, ended.report);
  int exit = ended.exit_code;
  if (const Status recorded = (*recorder)->Close(); !recorded.ok()) {
    PrintStatus(recorded);
    exit = kAborted;
  }
  if (ended.ran && !arguments.report.empty()) exit = WriteReport(arguments, ended, watched);
  if (ended.ran && !arguments.explain.empty()) exit = std::max(exit, ShowExplanation(arguments, watched, json));
  if (second && (exit == kDone || exit == kSomeFailed))
    exit = RunAgainst(arguments, ended, std::move(second->description), json);
  if (arguments.json) Print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  return exit;
}

}  // namespace

void AddRunCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("run", "Run a pipeline");
  auto arguments = std::make_shared<RunArguments>();
  AddPipelineArguments(*command, arguments->pipeline);
  AddLockOptions(*command, &arguments->lock);
  command->add_option("--against", arguments->against, "Then run this pipeline too, and compare speed and texts")
      ->type_name("PIPELINE");
  command->add_option("--report", arguments->report, "Write what the run did into one HTML page")->type_name("FILE");
  command->add_option("--explain", arguments->explain, "Show this record's text, told apart by who produced each token")
      ->type_name("ID");
  command
      ->add_option("--record-stage", arguments->record_stage,
                   "Write the records that a stage receives into a file of JSONL; may be repeated")
      ->allow_extra_args(false)
      ->type_name("STAGE=FILE");
  AddMonitorOptions(*command, arguments->monitor);
  command->add_option("--seed", arguments->seed, "Seed of all chance, instead of the pipeline's")->type_name("N");
  command->add_option("--threads", arguments->threads, "Threads of the engine and of the models; 0 = all")
      ->check(CLI::Range(0, 4096))
      ->type_name("N");
  command->add_flag("--require-identical", arguments->require_identical,
                    "With --against: end with 1 where texts differ, whatever the precision");
  command->add_flag("--deterministic", arguments->deterministic,
                    "One call at a time: the same seed gives the same bytes");
  command->add_flag("--quiet", arguments->quiet, "No progress and no summary on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON on stdout");
  command->footer(
      "Ctrl-C once finishes the records that were begun and ends; twice stops now; a third time ends the process.\n"
      "--against gives the second pipeline the same variables (and values of the engine, but no profiles), but\n"
      "`output` becomes NAME.against.jsonl. Texts that differ are an error (1) where both pipelines compute with\n"
      "`precision: exact`.\n"
      "--trace shows in ui.perfetto.dev which stage ran when and what waited; --metrics-port 9464 serves\n"
      "http://127.0.0.1:9464/metrics, which `retort top` reads too. With --against, the trace is that of the first "
      "run.\n"
      "Exit codes: 0 done, 1 some records failed (they are in the dead-letter file) or texts differ, 2 usage or\n"
      "configuration, 3 run aborted (a file that cannot be read or written, say), 130 interrupted.\n"
      "Example: retort run pipelines/speculative.yaml -s input=prompts.jsonl -s output=out.jsonl --seed 7");
  command->callback([=] { *action = [=] { return Run(*arguments); }; });
}

}  // namespace retort::cli

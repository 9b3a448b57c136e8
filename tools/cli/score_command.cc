// retort score: which tasks did a pipeline's completions pass?
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/score_output.h"
#include "tools/cli/tasks/accuracy.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ScoreArguments {
  std::string tasks, output, sparse, corrected;
  BootstrapOptions bootstrap;
  bool json = false;
};

Json IntervalJson(const Interval& interval) {
  return {{"value", interval.value}, {"low", interval.low}, {"high", interval.high}};
}

std::string IntervalText(const Interval& interval) {
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", interval.value, interval.low, interval.high);
}

Result<Json> RecoveryJson(const std::vector<std::string>& kinds, const std::vector<Task>& tasks,
                          const std::vector<double>& full, const ScoreArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(const Scored sparse, ScoreOutput(tasks, arguments.sparse));
  RETORT_ASSIGN_OR_RETURN(const Scored corrected, ScoreOutput(tasks, arguments.corrected));
  RETORT_ASSIGN_OR_RETURN(const RecoveryFigures figures,
                          MeasureRecovery(kinds, full, sparse.passed, corrected.passed, arguments.bootstrap));
  return Json{{"accuracy_sparse", IntervalJson(figures.sparse)},
              {"accuracy_corrected", IntervalJson(figures.corrected)},
              {"lost", IntervalJson(figures.lost)},
              {"missing", IntervalJson(figures.missing)},
              {"recovery", figures.recovery ? IntervalJson(*figures.recovery) : Json()},
              {"undefined", figures.undefined},
              {"without_completion_sparse", sparse.missing},
              {"without_completion_corrected", corrected.missing}};
}

Interval IntervalOf(const Json& json) { return {json.at("value"), json.at("low"), json.at("high")}; }

std::string ScoreText(const Json& json, double confidence) {
  std::string text;
  for (const auto& [kind, figures] : json.at("kinds").items())
    text += fmt::format("  {:<20} {:.3f}  {} of {}\n", kind, figures.at("accuracy").get<double>(),
                        figures.at("passed").get<size_t>(), figures.at("tasks").get<size_t>());
  const auto line = [&](const char* name, const char* field) {
    if (json.contains(field) && json.at(field).is_object())
      text += fmt::format("{:<22} {}\n", name, IntervalText(IntervalOf(json.at(field))));
  };
  line("accuracy", "accuracy");
  line("sparse", "accuracy_sparse");
  line("corrected", "accuracy_corrected");
  line("recovery", "recovery");
  if (json.contains("recovery") && json.at("recovery").is_null())
    text += "recovery               none: the full model is not above the sparse one\n";
  if (const size_t missing = json.at("without_completion"); missing > 0)
    text += fmt::format("{} tasks have no completion and count as failed\n", missing);
  return text + fmt::format("({:g} % intervals, paired bootstrap over tasks)\n", confidence * 100);
}

Result<Json> ScoreAll(const ScoreArguments& arguments) {
  RETORT_ASSIGN_OR_RETURN(const std::vector<Task> tasks, ReadTasks(arguments.tasks));
  RETORT_ASSIGN_OR_RETURN(const Scored full, ScoreOutput(tasks, arguments.output));
  std::vector<std::string> kinds;
  for (const Task& task : tasks) kinds.push_back(task.kind);
  Json json{{"tasks", tasks.size()}, {"without_completion", full.missing}, {"kinds", Json::object()}};
  for (const KindAccuracy& entry : AccuracyByKind(kinds, full.passed))
    json["kinds"][entry.kind] = {{"accuracy", entry.accuracy()}, {"passed", entry.passed}, {"tasks", entry.tasks}};
  RETORT_ASSIGN_OR_RETURN(const Interval accuracy, MeasureAccuracy(kinds, full.passed, arguments.bootstrap));
  json["accuracy"] = IntervalJson(accuracy);
  if (!arguments.sparse.empty()) {
    RETORT_ASSIGN_OR_RETURN(const Json recovery, RecoveryJson(kinds, tasks, full.passed, arguments));
    json.update(recovery);
  }
  return json;
}

int Run(const ScoreArguments& arguments) {
  const Result<Json> json = ScoreAll(arguments);
  if (!json.ok()) {
    PrintStatus(json.status());
    return kUsage;
  }
  Print(arguments.json ? json->dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                       : ScoreText(*json, arguments.bootstrap.confidence));
  return kDone;
}

}  // namespace

void AddScoreCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("score", "Check the completions of tasks with known answers");
  auto arguments = std::make_shared<ScoreArguments>();
  BootstrapOptions& bootstrap = arguments->bootstrap;
  command->add_option("tasks", arguments->tasks, "A file of tasks (JSONL)")->required()->type_name("TASKS");
  command->add_option("output", arguments->output, "The output of a run over it")->required()->type_name("OUTPUT");
  CLI::Option* sparse =
      command->add_option("--sparse", arguments->sparse, "The output of a sparse model")->type_name("FILE");
  CLI::Option* corrected =
      command->add_option("--corrected", arguments->corrected, "The output of that model corrected by the full one")
          ->type_name("FILE");
  sparse->needs(corrected);
  corrected->needs(sparse);
  command->add_option("--resamples", bootstrap.resamples, "Of the tasks, for the intervals")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--confidence", bootstrap.confidence, "Of the intervals")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str();
  command->add_option("--seed", bootstrap.seed, "Of the resamples")->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "A task is {\"id\", \"kind\", \"prompt\" or \"messages\", \"answer\", \"check\", \"max_tokens\"}; checks: exact, "
      "prefix,\ncontains, number, first_word. With --sparse and --corrected: recovery, (corrected - sparse) / (full - "
      "sparse).\n"
      "Example: retort score pipelines/data/tasks.jsonl out.jsonl --json");
  command->callback([=] { *action = [=] { return Run(*arguments); }; });
}

}  // namespace retort::cli

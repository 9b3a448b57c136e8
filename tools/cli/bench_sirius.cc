#include "tools/cli/bench_sirius.h"

#include <fmt/format.h>

#include <memory>

#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/sirius/sirius_bench.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  SiriusBenchOptions options;
  std::vector<std::string> common, coarse, fine;  // NAME=VALUE
  bool quick = false, json = false;
};

std::string Figure(const Json& value) { return value.is_null() ? "none" : fmt::format("{:.3f}", value.get<double>()); }

std::string Text(const Json& json) {
  std::string text =
      fmt::format("{} tasks\n{:<26}{:>10}{:>10}\n", json.at("tasks").get<size_t>(), "", "coarse", "fine");
  const auto line = [&](const std::string& name, auto figure) {
    text +=
        fmt::format("{:<26}{:>10}{:>10}\n", name, Figure(figure(json.at("coarse"))), Figure(figure(json.at("fine"))));
  };
  for (const char* const name :
       {"accuracy_full", "accuracy_sparse", "accuracy_corrected", "recovery", "aal", "aal_without_last",
        "effective_density", "effective_density_without_last", "loop_over_bound"}) {
    line(name, [&](const Json& kind) { return kind.value(name, Json()); });
  }
  for (const char* const records : {"1", "8"})
    line(fmt::format("speed over plain, {}", records),
         [&](const Json& kind) { return kind.at("speed_over_plain").at(records); });
  const auto interval = [](const Json& kind) {
    const Json& pair = kind.at("intervals").at("recovery");
    return pair.is_null() ? std::string("none")
                          : fmt::format("{:.2f} to {:.2f}", pair[0].get<double>(), pair[1].get<double>());
  };
  return text + fmt::format("recovery, 95 %: coarse {}, fine {} (paired bootstrap over tasks)\n",
                            interval(json.at("coarse")), interval(json.at("fine")));
}

Status Parse(const std::vector<std::string>& given, Settings* settings) {
  RETORT_ASSIGN_OR_RETURN(const LoadOptions parsed, ParseSettings(given));
  for (const auto& [name, value] : parsed.variables) (*settings)[name] = value;
  return {};
}

Result<Json> Measure(Arguments arguments) {
  SiriusBenchOptions& options = arguments.options;
  RETORT_RETURN_IF_ERROR(Parse(arguments.common, &options.common));
  RETORT_RETURN_IF_ERROR(Parse(arguments.coarse, &options.coarse));
  RETORT_RETURN_IF_ERROR(Parse(arguments.fine, &options.fine));
  if (arguments.quick) {
    options.every = 8;
    options.timed_tasks = 17;
  }
  return RunSiriusBench(options, [](const std::string& what) { PrintError("sirius: " + what + "\n"); });
}

int Run(const Arguments& arguments) {
  const Result<Json> json = Measure(arguments);
  if (!json.ok()) {
    PrintStatus(json.status());
    return ExitCodeOf(json.status());
  }
  Print(arguments.json ? json->dump(2) + "\n" : Text(*json));
  return kDone;
}

}  // namespace

void AddSiriusBench(CLI::App& bench, Action* action) {
  CLI::App* command =
      bench.add_subcommand("sirius", "What correction wins back of what sparsity loses, and what both cost");
  auto arguments = std::make_shared<Arguments>();
  SiriusBenchOptions& options = arguments->options;
  command->add_option("--tasks", options.tasks, "Tasks with checkable answers (JSONL)")->capture_default_str();
  command->add_option("--plain", options.plain, "The pipeline of the whole model")->capture_default_str();
  command->add_option("--sirius", options.sirius, "The pipeline with sparse-predict and correct")
      ->capture_default_str();
  command->add_option("-s", arguments->common, "Give a variable of both pipelines a value")->type_name("NAME=VALUE");
  command->add_option("--coarse", arguments->coarse, "A variable of the coarse runs [density=0.7]")
      ->type_name("NAME=VALUE");
  command->add_option("--fine", arguments->fine, "A variable of the fine runs [density=0.5]")->type_name("NAME=VALUE");
  command->add_option("--seed", options.bootstrap.seed, "Of the resamples")->capture_default_str();
  command->add_flag("--quick", arguments->quick, "Every eighth task");
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "recovery: (corrected - sparse) / (full - sparse); sparse: all sparse tokens stand. aal: tokens that a check "
      "keeps\n"
      "(average advance length); effective_density: parameters read for a token over those of the whole model.\n"
      "loop_over_bound: decoding time, one record at a time, over that of its sparse and whole steps alone.\n"
      "Tasks must be answered in a line: sirius.yaml stops there. To be run where the pipelines are.\n"
      "Example: retort bench sirius --quick --fine threshold=0.1 --json");
  command->callback([=] { *action = [=] { return Run(*arguments); }; });
}

}  // namespace retort::cli

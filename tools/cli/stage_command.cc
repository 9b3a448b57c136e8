// retort stage run: one stage alone over records, for its author.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <memory>

#include "core/base/text_file.h"
#include "core/graph/nearest_name.h"
#include "core/testing/mock_host.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
using testing::MockHost;
using testing::MockStage;

constexpr size_t kProduced = 64;  // records that a source may make in a call

struct StageRunArguments {
  std::string uses, with = "{}", input = "-";
  std::vector<std::string> models;  // "NAME=SOURCE"
  size_t batch = 0;                 // 0: the stage's own
};

void PrintOutcome(const char* outcome, const std::string& port, const std::string& reason, const Record& record) {
  Json line{{"outcome", outcome}};
  if (!port.empty()) line["port"] = port;
  if (!reason.empty()) line["reason"] = reason;
  line["record"] = record.json;
  Print(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

/// Print where the records of the last call went and forget it; how many failed.
size_t PrintOutcomes(MockStage& stage) {
  const StageDescriptor& descriptor = stage.descriptor();
  for (size_t port = 0; port < descriptor.outputs.size(); ++port)
    for (const Record* record : stage.emitted(static_cast<uint32_t>(port)))
      PrintOutcome("emitted", descriptor.outputs[port].name, "", *record);
  for (const Record* record : stage.completed()) PrintOutcome("completed", "", "", *record);
  for (const auto& [record, reason] : stage.skipped()) PrintOutcome("skipped", "", reason, *record);
  for (const auto& failed : stage.failed()) PrintOutcome("failed", "", failed.status.ToString(), *failed.record);
  const size_t failed = stage.failed().size();
  stage.ClearOutcome();
  return failed;
}

Status AddModels(const std::vector<std::string>& models, MockHost& host) {
  for (const std::string& model : models) {
    const size_t equals = model.find('=');
    if (equals == model.npos || equals == 0)
      return InvalidArgument("--model " + model + ": expected NAME=SOURCE, as in --model target=smollm2-135m-instruct");
    ModelConfig config;
    config.name = model.substr(0, equals);
    config.source = model.substr(equals + 1);
    RETORT_ASSIGN_OR_RETURN(std::shared_ptr<Model> loaded, Model::Load(config));
    host.AddModel(std::move(loaded));
  }
  return {};
}

/// The stage, ready; its model and options are the user's. Errors: also kUnsupported for one whose records carry more
/// than their JSON.
Result<std::unique_ptr<MockStage>> MakeStage(const StageRunArguments& arguments, MockHost& host) {
  const Registry& registry = LoadStages();
  const StageDescriptor* const stage = registry.Find(arguments.uses);
  if (stage == nullptr) {
    const std::string nearest = NearestName(arguments.uses, registry.StageNames());
    return NotFound("there is no stage `" + arguments.uses + "`; expected one of " + NameList(registry.StageNames()) +
                    (nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
  }
  if (!stage->is_source() && stage->inputs[0].payload != "record")
    return Unsupported("stage `" + stage->name + "` receives `" + stage->inputs[0].payload +
                       "`, which is more than the record's JSON (a token sequence, say); run it in a pipeline");
  RETORT_RETURN_IF_ERROR(AddModels(arguments.models, host));
  RETORT_ASSIGN_OR_RETURN(auto made, host.Create(*stage, arguments.with));
  RETORT_RETURN_IF_ERROR(made->Open());
  return made;
}

/// Feed the lines in calls of `batch` records. Gives how many failed. Errors: a line that is no record, by its number.
Result<size_t> Feed(std::istream& lines, size_t batch, MockHost& host, MockStage& stage) {
  size_t failed = 0, number = 0;
  std::vector<Record*> records;
  const auto call = [&] {
    if (!records.empty()) static_cast<void>(stage.Process(records));  // its error is with the records that failed
    records.clear();
    failed += PrintOutcomes(stage);
  };
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto record = host.ParseNewRecord(line);
    if (!record.ok()) return record.status().Annotate("line " + std::to_string(number));
    records.push_back(*record);
    if (records.size() >= batch) call();
  }
  call();
  return failed;
}

/// Let a source make all its records.
Result<size_t> Produce(MockStage& stage) {
  size_t failed = 0;
  for (bool more = true; more; failed += PrintOutcomes(stage)) {
    RETORT_ASSIGN_OR_RETURN(more, stage.Produce(kProduced));
  }
  return failed;
}

Result<size_t> RunStage(const StageRunArguments& arguments, MockHost& host, MockStage& stage) {
  if (stage.descriptor().is_source()) return Produce(stage);
  const size_t batch = arguments.batch != 0 ? arguments.batch : stage.descriptor().default_max_batch;
  if (arguments.input == "-") return Feed(std::cin, batch, host, stage);
  auto file = OpenToRead(arguments.input, "a file of JSONL, or - for stdin");
  if (!file.ok()) return file.status().Annotate("--input");
  const auto failed = Feed(*file, batch, host, stage);
  return failed.ok() ? failed : Result<size_t>(failed.status().Annotate(arguments.input));
}

int Run(const StageRunArguments& arguments) {
  MockHost host;
  const auto stage = MakeStage(arguments, host);
  if (!stage.ok()) {
    PrintStatus(stage.status());
    return kUsage;
  }
  auto failed = RunStage(arguments, host, **stage);
  const Status closed = (*stage)->Close(!failed.ok());
  const Status& status = failed.ok() ? closed : failed.status();
  if (!status.ok()) PrintStatus(status);
  std::string metrics;
  for (const auto& [name, value] : (*stage)->counters()) metrics += fmt::format("  {} {}\n", name, value);
  if (!metrics.empty()) PrintError("counters\n" + metrics);
  if (!status.ok()) return ExitCodeOf(status);
  return *failed > 0 ? kSomeFailed : kDone;
}

}  // namespace

void AddStageCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("stage", "Work with one stage");
  command->require_subcommand(1);
  CLI::App* run = command->add_subcommand("run", "Run one stage alone over records, without a pipeline");
  auto arguments = std::make_shared<StageRunArguments>();
  run->add_option("stage", arguments->uses, "The stage's name, as in `uses:`")->required()->type_name("STAGE");
  run->add_option("--with", arguments->with, "Its options: the YAML or JSON map under `with:`")
      ->capture_default_str()
      ->type_name("MAP");
  run->add_option("--input", arguments->input, "Records as JSONL; - is stdin. A source needs none")
      ->capture_default_str()
      ->type_name("FILE");
  run->add_option("--batch", arguments->batch, "Records a call; by default the stage's own")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  run->add_option("--model", arguments->models, "A model that the options name; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=SOURCE");
  run->footer(
      "Prints a line of JSON for each record: its outcome (emitted, completed, skipped, failed), the port or the "
      "reason,\n"
      "and the record. Counters go to stderr. `retort run --record-stage STAGE=FILE` writes what a stage of a "
      "pipeline\n"
      "receives; only stages whose input is `record` can run alone.\n"
      "Exit codes: 0 done, 1 some records failed, 2 the options or records cannot be used, 3 the stage failed to "
      "close.\n"
      "Example: retort stage run write-jsonl --with '{ path: - }' --input pipelines/data/prompts.jsonl");
  run->callback([=] { *action = [=] { return Run(*arguments); }; });
}

}  // namespace retort::cli

// retort lossless: does the text of a pipeline have the law of its target model?
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>

#include "core/graph/nearest_name.h"
#include "core/model/generation.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/lossless_records.h"
#include "tools/cli/lossless_report.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/progress_line.h"
#include "tools/cli/run_progress.h"
#include "tools/cli/scratch_folder.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Sampled text is tested in many short completions; text at temperature 0, where a prompt has one, in few longer ones.
constexpr size_t kDraws = 2000, kQuickDraws = 400;
constexpr int64_t kTokens = 8, kArgmaxTokens = 32;
constexpr size_t kRowsPerStep = 128;  // of logits, when they are scored

struct LosslessArguments {
  PipelineArguments pipeline;
  std::string fault;
  std::optional<size_t> draws;
  bool quick = false, json = false;
};

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Result<InjectedFault> FaultOf(const std::string& name) {
  if (name.empty()) return InjectedFault::kNone;
  const InjectedFault fault = FindInjectedFault(name);
  if (fault != InjectedFault::kNone) return fault;
  std::vector<std::string> names;
  for (const InjectedFault known : InjectedFaults()) names.emplace_back(InjectedFaultName(known));
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("--inject-fault " + name + ": no such fault\n  " +
                         (nearest.empty() ? "" : "did you mean `" + nearest + "`? ") + "known: " + FaultNames());
}

/// The sequences of a run, as the stages end them.
class Collector {
 public:
  void Take(const Record& record) {
    const Generation& generation = *record.generation;
    const std::lock_guard lock(mutex_);
    if (record.sampling == nullptr) {
      ++unknown_;
      return;
    }
    sequences_.push_back({record.id, generation.tokens(), generation.prompt_count(), *record.sampling});
  }
  /// In the order of their ids, which batches do not change. Errors: kInvalidArgument where a stage keeps to itself how
  /// it draws.
  Result<std::vector<GeneratedSequence>> Sequences(const std::string& stage) {
    if (unknown_ > 0)
      return InvalidArgument("stage `" + stage + "` does not say how its tokens are drawn (sequence_set_sampling)");
    std::sort(sequences_.begin(), sequences_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return std::move(sequences_);
  }

 private:
  std::mutex mutex_;
  std::vector<GeneratedSequence> sequences_;
  size_t unknown_ = 0;
};

/// Why the first record failed.
std::string FirstLetter(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  std::getline(file, line);
  const auto letter = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!letter.is_object()) return "no reason is known";
  return letter.value("message", "");  // names the stage
}

RunReport RunWatched(PipelineRun& run, bool quiet) {
  const InterruptScope interrupt(run, quiet);
  std::optional<RunProgress> progress;
  if (!quiet) progress.emplace(run);
  return run.Run();
}

/// Score every sequence with the target. Errors: those of LawCheck.
Status Check(Model& target, const std::vector<GeneratedSequence>& sequences, size_t tokens, LawCheck* check) {
  ProgressLine progress;
  const size_t batch = std::max<size_t>(1, kRowsPerStep / std::max<size_t>(1, tokens));
  for (size_t i = 0; i < sequences.size(); i += batch) {
    const size_t count = std::min(batch, sequences.size() - i);
    RETORT_RETURN_IF_ERROR(check->Add(target, std::span(sequences).subspan(i, count)));
    if (progress.Due()) progress.Show(fmt::format("{} of {} completions checked", i + count, sequences.size()));
  }
  return {};
}

/// Run the pipeline on its records and look at what came out. Errors: kInvalidArgument where it is not usable,
/// kCancelled, what aborted the run.
Status Test(const LosslessArguments& arguments, const std::string& letters, const PipelineDescription& pipeline,
            LosslessFindings* findings) {
  Collector collector;
  const RunProbes probes{findings->fault, [&](const std::string&, const Record& record) { collector.Take(record); }};
  RETORT_ASSIGN_OR_RETURN(const auto run, PipelineRun::Create(pipeline, arguments.pipeline.file, probes));
  const RunReport report = RunWatched(*run, arguments.json);
  RETORT_RETURN_IF_ERROR(report.status);
  if (report.failed > 0) {
    return InvalidArgument(fmt::format("{}: {} of {} records failed; the first: {}", arguments.pipeline.file,
                                       report.failed, report.admitted, FirstLetter(letters)));
  }
  RETORT_ASSIGN_OR_RETURN(const auto sequences, collector.Sequences(findings->subject.stage->name));
  if (const auto lengths = AcceptanceLengths(report); lengths.contains("") && lengths.at("").count > 0)
    findings->acceptance_length = lengths.at("").sum / static_cast<double>(lengths.at("").count);
  findings->run_seconds = report.seconds;

  const Clock::time_point start = Clock::now();
  LawCheck check(findings->subject.margin());
  RETORT_RETURN_IF_ERROR(Check(*run->models().at(findings->subject.target->name), sequences,
                               static_cast<size_t>(findings->max_tokens), &check));
  if (check.sampled_tokens() + check.argmax_tokens() == 0)
    return InvalidArgument(arguments.pipeline.file + ": no tokens were generated, so there is nothing to test");
  findings->sequences = check.sequences();
  findings->sampled_tokens = check.sampled_tokens();
  findings->argmax_tokens = check.argmax_tokens();
  findings->near_ties = check.near_ties();
  findings->forbidden_count = check.forbidden_count();
  findings->forbidden = check.forbidden();
  findings->cells = check.Cells();
  if (findings->sampled_tokens > 0 && findings->cells.empty())
    return InvalidArgument(fmt::format("{} tokens are too few to test; raise --draws", findings->sampled_tokens));
  findings->check_seconds = SecondsSince(start);
  return {};
}

/// The pipeline on records of the test's own; nullopt after saying what is wrong.
std::optional<LoadedPipeline> LoadOnRecords(const PipelineArguments& arguments, const ScratchFolder& folder,
                                            std::string* input) {
  auto settings = OptionsOf(arguments);
  if (!settings.ok()) {
    PrintStatus(settings.status());
    return std::nullopt;
  }
  if (const auto given = settings->variables.find("input"); given != settings->variables.end()) *input = given->second;
  settings->variables["input"] = folder.Path("in.jsonl");
  settings->variables["output"] = folder.Path("out.jsonl");
  auto loaded = LoadOrReport(arguments.file, *settings, LoadStages());
  if (loaded) loaded->description.engine.dead_letter_path = folder.Path("failed.jsonl");
  return loaded;
}

size_t CompletionsOf(const LosslessArguments& arguments, bool sampled, size_t prompts) {
  const size_t draws = arguments.draws.value_or(arguments.quick ? kQuickDraws : kDraws);
  return sampled ? draws : std::min(draws, prompts);
}

int Fail(const Status& status) {
  PrintStatus(status);
  return ExitCodeOf(status);
}

int Lossless(const LosslessArguments& arguments) {
  const auto fault = FaultOf(arguments.fault);
  if (!fault.ok()) return Fail(fault.status());
  const auto folder = ScratchFolder::Create("retort-lossless");
  if (!folder.ok()) return Fail(folder.status());
  std::string input;
  auto loaded = LoadOnRecords(arguments.pipeline, *folder, &input);
  if (!loaded) return kUsage;
  const auto subject = FindSubject(loaded->description);
  if (!subject.ok()) return Fail(subject.status().Annotate(arguments.pipeline.file));
  const auto prompts = ReadPrompts(input);
  if (!prompts.ok()) return Fail(prompts.status());
  LosslessFindings findings;
  findings.max_tokens = subject->sampled() ? kTokens : kArgmaxTokens;
  PrepareDecoding(findings.max_tokens, &loaded->description);
  findings.pipeline = loaded->description.name.empty() ? arguments.pipeline.file : loaded->description.name;
  findings.subject = *subject;
  findings.fault = *fault;
  findings.seed = loaded->description.engine.seed;
  Status status =
      WriteRecords(*prompts, CompletionsOf(arguments, subject->sampled(), prompts->size()), folder->Path("in.jsonl"));
  if (status.ok()) status = Test(arguments, folder->Path("failed.jsonl"), loaded->description, &findings);
  if (!status.ok()) return Fail(status);
  Print(arguments.json ? LosslessJson(findings).dump(2) + "\n" : LosslessText(findings));
  return findings.lossless() ? kDone : kSomeFailed;
}

}  // namespace

void AddLosslessCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("lossless", "Test whether a pipeline's text has the law of its target model");
  auto arguments = std::make_shared<LosslessArguments>();
  AddPipelineArguments(*command, arguments->pipeline);
  command->add_flag("--quick", arguments->quick, fmt::format("{} completions instead of {}", kQuickDraws, kDraws));
  command->add_option("--draws", arguments->draws, "Completions to draw; at temperature 0 one a prompt at most")
      ->check(CLI::Range(1, 10000000))
      ->type_name("N");
  command->add_option("--inject-fault", arguments->fault, "Verify wrongly on purpose, to see the test fail")
      ->type_name("NAME");
  command->add_flag("--json", arguments->json, "The findings as JSON on stdout, every test with its p-value");
  command->footer(
      "Runs the pipeline on short prompts of its own, or on the records of -s input=FILE, each many times under new\n"
      "ids, so with new chance; its variables `input` and `output` are set to temporary files. The target model then\n"
      "says what the law of every token was, after all settings of the record. Above temperature 0 the place of each\n"
      "token in its law must be uniform and independent of the others (randomised PIT; Czado, Gneiting, Held 2009):\n"
      "chi-square tests by position and in all, in two orders of the tokens, with Holm's correction at 1 %. At\n"
      "temperature 0 each token must be the argmax; `precision: fast` allows near ties.\n"
      "Faults: " +
      FaultNames() +
      ".\n"
      "Exit codes: 0 the text has the target's law, 1 it does not, 2 usage, or a pipeline that cannot be tested,\n"
      "3 run aborted, 130 interrupted.\n"
      "Example: retort lossless pipelines/speculative-model.yaml -s drafting=sampled -s temperature=0.8 --quick");
  command->callback([=] { *action = [=] { return Lossless(*arguments); }; });
}

}  // namespace retort::cli

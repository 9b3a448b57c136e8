// retort lint: check pipelines, report every fault, and put right what can be.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "core/graph/lint/fixer.h"
#include "core/graph/lint/lint_report.h"
#include "core/graph/lint/markdown_pipelines.h"
#include "core/graph/plan.h"
#include "core/model/new_file.h"
#include "tools/cli/commands.h"
#include "tools/cli/lock/pipeline_lock.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

// Of a file, of each severity; a fix is searched by checking the file again and again.
constexpr size_t kMostFixesShown = 20;

struct LintArguments {
  std::vector<std::string> files, settings, profiles;
  std::string format = "text";
  LockUse lock = LockUse::kIfThere;
  bool fix = false;
};

class Linter {
 public:
  Linter(LintArguments arguments, LoadOptions options)
      : arguments_(std::move(arguments)), options_(options), fixer_(LoadStages(), std::move(options)) {}

  int Run() {
    for (const std::string& file : arguments_.files) {
      const Status status = LintFile(file);
      if (status.ok()) continue;
      PrintStatus(status);
      exit_ = kUsage;
    }
    if (arguments_.format == "text") PrintSummary();
    if (arguments_.format == "json") Print(LintJson(all_));
    if (arguments_.format == "sarif") Print(LintSarif(all_));
    if (arguments_.format == "github") Print(LintGithub(all_));
    return exit_;
  }

 private:
  Status LintFile(const std::string& file) {
    RETORT_ASSIGN_OR_RETURN(SourceText source, ReadPipelineFile(file));
    if (!file.ends_with(".md")) {
      LoadedPipeline loaded = LoadPipeline(std::move(source), LoadStages(), options_);
      if (arguments_.fix && !loaded.ok()) {
        RETORT_ASSIGN_OR_RETURN(loaded, FixFile(file, std::move(loaded)));
      }
      if (loaded.ok()) {
        RETORT_RETURN_IF_ERROR(CheckLock(loaded.description, file, arguments_.lock, LockScope::kPlugins));
      }
      const bool each = loaded.ok() && options_.profiles.empty();
      Report(file, loaded, each ? loaded.profiles : std::vector<std::string>());
      return {};
    }
    std::vector<SourceText> blocks = FindMarkdownPipelines(source);
    if (arguments_.fix) RETORT_RETURN_IF_ERROR(InvalidArgument(file + ": `--fix` changes YAML files only"));
    if (blocks.empty() && arguments_.format == "text") Print(file + ": no pipelines\n");
    for (SourceText& block : blocks) Report(file, LoadPipeline(std::move(block), LoadStages(), options_), {});
    return {};
  }

  Result<LoadedPipeline> FixFile(const std::string& file, LoadedPipeline loaded) {
    Fixer::Fixed fixed = fixer_.FixAll(std::move(loaded));
    if (fixed.steps.empty()) return std::move(fixed.loaded);
    const std::string& text = fixed.loaded.source.text();
    RETORT_ASSIGN_OR_RETURN(const auto out, NewFile::Create(file, text.size(), true));
    RETORT_RETURN_IF_ERROR(out->Append(text));
    RETORT_RETURN_IF_ERROR(out->Commit());
    for (const Fixer::Fixed::Step& step : fixed.steps) {
      const std::string line = fmt::format("{}:{}:{}: fixed: {}: {}\n", file, step.fault.place.line,
                                           step.fault.place.column, step.fault.message, step.title);
      arguments_.format == "text" ? Print(line) : PrintError(line);
    }
    return std::move(fixed.loaded);
  }

  /// The file by itself, once more under each of these profiles, and the tests of its templates.
  void Report(const std::string& file, const LoadedPipeline& loaded, const std::vector<std::string>& profiles) {
    if (!loaded.ok()) exit_ = kUsage;
    LintedFile linted{loaded.source, {}};
    std::vector<LoadedPipeline> with_profile;
    for (const std::string& profile : profiles)
      with_profile.push_back(LoadPipeline(loaded.source, LoadStages(), WithProfile(profile)));
    AddFindings(loaded, loaded.diagnostics, fixer_, "", &linted.findings);
    std::erase_if(linted.findings, [&](const LintFinding& f) { return IsOfUse(f.diagnostic, with_profile); });
    for (const LintFinding& finding : linted.findings) fixable_ += CanBeFixed(finding, file) ? 1 : 0;
    AddMemory(loaded, file, &linted.findings);
    for (size_t i = 0; i < profiles.size(); ++i) {
      const LoadedPipeline& with = with_profile[i];
      if (!with.ok()) exit_ = kUsage;
      std::vector<Diagnostic> found =
          with.diagnostics;  // a note on what the pipeline itself writes is that one's matter
      std::erase_if(found, [&](const Diagnostic& d) { return IsNote(d) && Writes(loaded.description, d.place); });
      AddFindings(with, found, Fixer(LoadStages(), WithProfile(profiles[i])), " (with `--profile " + profiles[i] + "`)",
                  &linted.findings);
    }
    for (const TemplateTest& test : loaded.ok() ? loaded.template_tests : std::vector<TemplateTest>()) {
      LoadOptions options = options_;
      options.template_test = test;
      const LoadedPipeline with = LoadPipeline(loaded.source, LoadStages(), options);
      if (!with.ok()) exit_ = kUsage;
      AddFindings(with, with.diagnostics, Fixer(LoadStages(), options),
                  " (in the test of template `" + test.name + "`)", &linted.findings);
    }
    if (arguments_.format == "text") PrintDiagnostics(linted.findings.empty() ? file + ": ok\n" : LintText(linted));
    all_.push_back(std::move(linted));
  }

  LoadOptions WithProfile(const std::string& profile) const {
    LoadOptions options = options_;
    options.profiles = {profile};
    return options;
  }

  static bool IsNote(const Diagnostic& d) { return d.severity == Severity::kNote; }
  static bool CanBeFixed(const LintFinding& finding, const std::string& file) {
    return finding.diagnostic.severity == Severity::kError && finding.fix && !file.ends_with(".md");
  }

  /// Whether an option of a stage, or the stage, stands at this place.
  static bool Writes(const PipelineDescription& pipeline, Place place) {
    return std::any_of(pipeline.stages.begin(), pipeline.stages.end(), [&](const StageDescription& stage) {
      return stage.place == place || std::any_of(stage.value_places.begin(), stage.value_places.end(),
                                                 [&](const auto& value) { return value.second == place; });
    });
  }

  /// Whether what a note says does nothing is of use under a profile.
  static bool IsOfUse(const Diagnostic& d, const std::vector<LoadedPipeline>& with_profile) {
    return IsNote(d) && std::any_of(with_profile.begin(), with_profile.end(), [&](const LoadedPipeline& with) {
             return with.ok() && Writes(with.description, d.place) &&
                    std::none_of(with.diagnostics.begin(), with.diagnostics.end(), [&](const Diagnostic& other) {
                      return other.place == d.place && other.message == d.message;
                    });
           });
  }

  /// "2 errors, 1 note in 3 files; `--fix` can put 2 errors right"; nothing where nothing was found.
  void PrintSummary() const {
    std::array<size_t, 3> found = {};
    std::set<std::string> files;
    for (const LintedFile& file : all_) {
      files.insert(file.source.file());
      for (const LintFinding& finding : file.findings) ++found[static_cast<size_t>(finding.diagnostic.severity)];
    }
    const auto count = [](size_t n, std::string_view what) {
      return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    std::string text;
    for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kNote}) {
      const size_t n = found[static_cast<size_t>(severity)];
      if (n > 0) text += (text.empty() ? "" : ", ") + count(n, SeverityName(severity));
    }
    if (text.empty()) return;
    text += " in " + count(files.size(), "file");
    if (fixable_ > 0) text += "; `--fix` can put " + count(fixable_, "error") + " right";
    Print(text + "\n");
  }

  /// What does not fit into memory, where the models are there to be looked at.
  static void AddMemory(const LoadedPipeline& loaded, const std::string& file, std::vector<LintFinding>* findings) {
    if (!loaded.ok()) return;
    const auto plan = MakePlan(loaded.description, file);
    if (!plan.ok()) return;
    for (Diagnostic& warning : MemoryWarnings(*plan)) findings->push_back({std::move(warning), std::nullopt});
  }

  /// Those of `found`, which are `loaded`'s, that are not there yet, what is said of them followed by `under`.
  void AddFindings(const LoadedPipeline& loaded, const std::vector<Diagnostic>& found, const Fixer& fixer,
                   const std::string& under, std::vector<LintFinding>* findings) const {
    // What is remarked under the values of a command line need not be so without them.
    const bool as_written = arguments_.settings.empty() && arguments_.profiles.empty();
    std::array<size_t, 3> searched = {};
    for (const Diagnostic& diagnostic : found) {
      const auto same = [&](const LintFinding& finding) {
        return finding.diagnostic.place == diagnostic.place && finding.diagnostic.message == diagnostic.message;
      };
      if (std::any_of(findings->begin(), findings->end(), same)) continue;
      const bool search = searched[static_cast<size_t>(diagnostic.severity)]++ < kMostFixesShown;
      const bool may = as_written || !IsNote(diagnostic);
      findings->push_back({diagnostic, search && may ? fixer.Find(loaded, diagnostic) : std::nullopt});
      findings->back().diagnostic.message += under;
    }
  }

  LintArguments arguments_;
  LoadOptions options_;
  Fixer fixer_;
  std::vector<LintedFile> all_;
  size_t fixable_ = 0;  // errors of the files as they are, for which a fix is known
  int exit_ = kDone;
};

int Lint(const LintArguments& arguments) {
  auto options = OptionsOf({"", arguments.settings, arguments.profiles});
  if (!options.ok()) {
    PrintStatus(options.status());
    return kUsage;
  }
  options->allow_unset_variables = true;
  options->advice = true;
  return Linter(arguments, *options).Run();
}

}  // namespace

void AddLintCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("lint", "Check pipelines; every fault is reported with its place");
  auto arguments = std::make_shared<LintArguments>();
  command->add_option("pipelines", arguments->files, "Pipeline files (YAML), or Markdown files with pipelines in them")
      ->required()
      ->type_name("PIPELINE");
  AddSettings(*command, arguments->settings, arguments->profiles);
  command->add_flag("--fix", arguments->fix, "Put errors right in the files, and say what was done");
  command->add_option("--format", arguments->format, "How to print")
      ->check(CLI::IsMember({"text", "json", "sarif", "github"}))
      ->capture_default_str();
  AddLockOptions(*command, &arguments->lock);
  command->footer(
      "A fix is tried before it is offered: with it the file has fewer errors. --fix makes one after the other until "
      "none is\nleft; look at what it did before you run the pipeline. Of Markdown, ```yaml blocks with a line "
      "`retort:` are checked.\nEach of a file's profiles is checked as well, unless --profile names some. Notes are "
      "what "
      "stages remark on their\noptions: what does nothing here, or what is given up.\n"
      "Exit codes: 0 no errors (warnings and notes are allowed), 2 errors.\n"
      "Example: retort lint pipelines/*.yaml --format json");
  command->callback([=] { *action = [=] { return Lint(*arguments); }; });
}

}  // namespace retort::cli

// retort lint: check pipelines, report every fault, and put right what can be.
#include <fmt/format.h>

#include <algorithm>
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

// Of a file; a fix is searched by checking the file again and again.
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
    AddFindings(loaded, fixer_, "", &linted.findings);
    AddMemory(loaded, file, &linted.findings);
    for (const std::string& profile : profiles) {
      LoadOptions options = options_;
      options.profiles = {profile};
      const LoadedPipeline with = LoadPipeline(loaded.source, LoadStages(), options);
      if (!with.ok()) exit_ = kUsage;
      AddFindings(with, Fixer(LoadStages(), options), " (with `--profile " + profile + "`)", &linted.findings);
    }
    for (const TemplateTest& test : loaded.ok() ? loaded.template_tests : std::vector<TemplateTest>()) {
      LoadOptions options = options_;
      options.template_test = test;
      const LoadedPipeline with = LoadPipeline(loaded.source, LoadStages(), options);
      if (!with.ok()) exit_ = kUsage;
      AddFindings(with, Fixer(LoadStages(), options), " (in the test of template `" + test.name + "`)",
                  &linted.findings);
    }
    if (arguments_.format == "text") PrintDiagnostics(linted.findings.empty() ? file + ": ok\n" : LintText(linted));
    all_.push_back(std::move(linted));
  }

  /// "2 errors, 1 note in 3 files; `--fix` puts 2 errors right"; nothing where nothing was found.
  void PrintSummary() const {
    size_t found[3] = {}, fixable = 0;
    bool more = false;  // not every fix was searched
    std::set<std::string> files;
    for (const LintedFile& file : all_) {
      files.insert(file.source.file());
      more = more || file.findings.size() > kMostFixesShown;
      for (const LintFinding& finding : file.findings) {
        const Severity severity = finding.diagnostic.severity;
        ++found[static_cast<size_t>(severity)];
        fixable += severity == Severity::kError && finding.fix && !file.source.file().ends_with(".md") ? 1 : 0;
      }
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
    if (fixable > 0)
      text += "; `--fix` puts " + std::string(more ? "at least " : "") + count(fixable, "error") + " right";
    Print(text + "\n");
  }

  /// What does not fit into memory, where the models are there to be looked at.
  static void AddMemory(const LoadedPipeline& loaded, const std::string& file, std::vector<LintFinding>* findings) {
    if (!loaded.ok()) return;
    const auto plan = MakePlan(loaded.description, file);
    if (!plan.ok()) return;
    for (Diagnostic& warning : MemoryWarnings(*plan)) findings->push_back({std::move(warning), std::nullopt});
  }

  /// Those that are not there yet, what is said of them followed by `under`.
  static void AddFindings(const LoadedPipeline& loaded, const Fixer& fixer, const std::string& under,
                          std::vector<LintFinding>* findings) {
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      const auto same = [&](const LintFinding& finding) {
        return finding.diagnostic.place == diagnostic.place && finding.diagnostic.message == diagnostic.message;
      };
      if (std::any_of(findings->begin(), findings->end(), same)) continue;
      const bool search = findings->size() < kMostFixesShown;
      findings->push_back({diagnostic, search ? fixer.Find(loaded, diagnostic) : std::nullopt});
      findings->back().diagnostic.message += under;
    }
  }

  LintArguments arguments_;
  LoadOptions options_;
  Fixer fixer_;
  std::vector<LintedFile> all_;
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

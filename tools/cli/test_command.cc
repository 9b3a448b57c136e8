// retort test: the tests that stand in pipeline files.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/graph/testing/junit.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"
#include "tools/cli/pipeline_arguments.h"
#include "tools/cli/scratch_folder.h"
#include "tools/cli/stage_registry.h"

namespace retort::cli {
namespace {

struct TestArguments {
  std::vector<std::string> paths, settings, profiles, filters;
  std::string junit;
  bool list = false;
};

/// A test with how its pipeline is to be loaded.
struct FoundTest {
  std::string name;  // "PIPELINE.TEST", "PIPELINE.TEMPLATE/TEST"
  TestCase test;
  LoadOptions options;
};

/// A file with the tests that were asked for.
struct TestFile {
  SourceText source;
  std::string name;  // of the pipeline, else of the file
  std::vector<FoundTest> tests;
};

bool IsYaml(const std::filesystem::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

/// The files named, and those in the folders named and below them, sorted. `*searched` says of each whether it came out
/// of a folder.
Result<std::vector<std::pair<std::string, bool>>> FindFiles(const std::vector<std::string>& paths) {
  std::vector<std::pair<std::string, bool>> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.emplace_back(path, false);
      continue;
    }
    std::vector<std::pair<std::string, bool>> found;
    for (std::filesystem::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file() && IsYaml(entry->path())) found.emplace_back(entry->path().string(), true);
    }
    if (error) return InvalidArgument(path + ": cannot be searched: " + error.message());
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

bool Wanted(const std::string& full_name, const std::vector<std::string>& filters) {
  return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
           return fnmatch(filter.c_str(), full_name.c_str(), 0) == 0;
         });
}

std::string Count(size_t count, const char* thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

class Tester {
 public:
  Tester(TestArguments arguments, LoadOptions options, std::string scratch)
      : arguments_(std::move(arguments)), options_(std::move(options)), scratch_(std::move(scratch)) {}

  int Run() {
    const auto found = FindFiles(arguments_.paths);
    if (!found.ok()) {
      PrintStatus(found.status());
      return kUsage;
    }
    for (const auto& [file, searched] : *found) Load(file, searched);
    if (faulty_) return kUsage;
    const size_t count = CountTests();
    if (count == 0) {
      PrintStatus(NotFound(arguments_.filters.empty()
                               ? "no tests: the pipelines have none under `tests:` (`retort test --help` shows how)"
                               : "no test of these pipelines is named as --filter says; --list shows their names"));
      return kUsage;
    }
    return arguments_.list ? List() : RunAll(count);
  }

 private:
  /// Out of folders, only files that may be meant are looked at.
  void Load(const std::string& file, bool searched) {
    auto source = ReadPipelineFile(file);
    if (!source.ok()) {
      PrintStatus(source.status());
      faulty_ = true;
      return;
    }
    if (searched && source->text().find("tests:") == std::string::npos) return;
    const auto loaded = Check(*source, options_);
    if (!loaded) return;
    const std::string& title = loaded->description.name;
    TestFile entry{*std::move(source), title.empty() ? std::filesystem::path(file).stem().string() : title, {}};
    AddTests(loaded->description.tests, "", options_, entry);
    for (const TemplateTest& test : loaded->template_tests) {
      LoadOptions options = options_;
      options.template_test = test;
      if (const auto alone = Check(entry.source, options))
        AddTests(alone->description.tests, test.name + "/", options, entry);
    }
    if (!entry.tests.empty()) files_.push_back(std::move(entry));
  }

  /// nullopt after reporting what is wrong.
  std::optional<LoadedPipeline> Check(const SourceText& source, LoadOptions options) {
    options.allow_unset_variables = true;
    LoadedPipeline loaded = LoadPipeline(source, LoadStages(), options);
    if (loaded.ok()) return loaded;
    PrintErrorDiagnostics(RenderText(loaded.diagnostics, loaded.source));
    faulty_ = true;
    return std::nullopt;
  }

  void AddTests(const std::vector<TestCase>& tests, const std::string& prefix, const LoadOptions& options,
                TestFile& file) const {
    for (const TestCase& test : tests) {
      const std::string name = file.name + "." + prefix + test.name;
      if (Wanted(name, arguments_.filters)) file.tests.push_back({name, test, options});
    }
  }

  size_t CountTests() const {
    size_t count = 0;
    for (const TestFile& file : files_) count += file.tests.size();
    return count;
  }

  int List() const {
    for (const TestFile& file : files_)
      for (const FoundTest& found : file.tests)
        Print(fmt::format("{}  {}:{}\n", found.name, file.source.file(), found.test.place.line));
    return kDone;
  }

  int RunAll(size_t count) {
    Print(fmt::format("[==========] Running {} of {}.\n", Count(count, "test"), Count(files_.size(), "pipeline")));
    std::vector<TestedPipeline> tested;
    std::vector<std::string> failed;
    double seconds = 0;
    for (const TestFile& file : files_) {
      Print(fmt::format("[----------] {} of {}\n", Count(file.tests.size(), "test"), file.source.file()));
      tested.push_back({file.source.file(), file.name, {}});
      for (const FoundTest& found : file.tests) {
        TestResult result = RunOne(file, found);
        seconds += result.seconds;
        if (!result.passed()) failed.push_back(found.name);
        tested.back().results.push_back(std::move(result));
      }
    }
    Print(fmt::format("[==========] {} of {} ran. ({:.0f} ms total)\n", Count(count, "test"),
                      Count(files_.size(), "pipeline"), seconds * 1e3));
    if (count > failed.size()) Print(fmt::format("[  PASSED  ] {}.\n", Count(count - failed.size(), "test")));
    if (!failed.empty()) Print(fmt::format("[  FAILED  ] {}, listed below:\n", Count(failed.size(), "test")));
    for (const std::string& name : failed) Print("[  FAILED  ] " + name + "\n");
    const int exit = failed.empty() ? kDone : kSomeFailed;
    return arguments_.junit.empty() ? exit : std::max<int>(exit, PrintOrWrite(arguments_.junit, JunitXml(tested)));
  }

  TestResult RunOne(const TestFile& file, const FoundTest& found) const {
    Print("[ RUN      ] " + found.name + "\n");
    TestResult result = RunTest(file.source, LoadStages(), found.options, found.test, scratch_);
    for (const TestFailure& failure : result.failures) Print(FailureText(file.source.file(), failure));
    Print(fmt::format("[{}] {} ({:.0f} ms)\n", result.passed() ? "       OK " : "  FAILED  ", found.name,
                      result.seconds * 1e3));
    return result;
  }

  const TestArguments arguments_;
  const LoadOptions options_;
  const std::string scratch_;
  std::vector<TestFile> files_;
  bool faulty_ = false;
};

int Test(const TestArguments& arguments) {
  const auto options = OptionsOf({"", arguments.settings, arguments.profiles});
  if (!options.ok()) {
    PrintStatus(options.status());
    return kUsage;
  }
  const auto scratch = ScratchFolder::Create("retort-test");
  if (!scratch.ok()) {
    PrintStatus(scratch.status());
    return kAborted;
  }
  return Tester(arguments, *options, scratch->Path("")).Run();
}

}  // namespace

void AddTestCommand(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("test", "Run the tests that stand in pipelines under `tests:`");
  auto arguments = std::make_shared<TestArguments>();
  command->add_option("pipelines", arguments->paths, "Pipeline files (YAML), or folders with such files in them")
      ->required()
      ->type_name("PIPELINE");
  AddSettings(*command, arguments->settings, arguments->profiles);
  command
      ->add_option("--filter", arguments->filters,
                   "Only tests with such a name (PIPELINE.TEST, PIPELINE.TEMPLATE/TEST; `*` and `?` stand for any text "
                   "and character); may be "
                   "repeated")
      ->allow_extra_args(false)
      ->type_name("PATTERN");
  command->add_flag("--list", arguments->list, "Show the tests and where they stand; none is run");
  command->add_option("--junit", arguments->junit, "Write the results into this file as JUnit's XML")
      ->type_name("FILE");
  command->footer(
      "A test gives records in place of what sources read, answers in place of stages (`mocks:`), and what must come\n"
      "of it. Last stages are never run: what reaches them is compared. Models of mocked stages are not loaded.\n"
      "Exit codes: 0 all passed, 1 some failed, 2 usage or configuration (also where there is no test).\n"
      "Example: retort test pipelines --junit tests.xml");
  command->callback([=] { *action = [=] { return Test(*arguments); }; });
}

}  // namespace retort::cli

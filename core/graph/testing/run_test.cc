#include "core/graph/testing/run_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>

#include "core/graph/pipeline_keys.h"
#include "core/graph/run.h"
#include "core/graph/testing/stand_ins.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostFailuresNamed = 5;  // of records that should not fail

LoadOptions OptionsOf(const TestCase& test, LoadOptions options) {
  for (const auto& [name, value] : test.settings) options.SettingsOf(name)[name] = value;
  options.profiles.insert(options.profiles.end(), test.profiles.begin(), test.profiles.end());
  options.allow_unset_variables = true;  // what is not run may be without
  return options;
}

class TestRun {
 public:
  TestRun(PipelineDescription pipeline, std::string file, const TestCase& test, const std::string& scratch)
      : pipeline_(std::move(pipeline)), file_(std::move(file)), test_(test) {
    pipeline_.engine.dead_letter_path = scratch + "/failed.jsonl";
  }

  std::vector<TestFailure> Run() {
    StandIn();
    CheckReal();
    if (!failures_.empty()) return std::move(failures_);
    RunProbes probes;
    probes.stand_ins = stand_ins_;
    auto run = PipelineRun::Create(pipeline_, file_, probes);
    if (!run.ok()) return {{test_.place, run.status().ToString(), "", ""}};
    const RunReport report = (*run)->Run();
    if (!report.status.ok()) return {{test_.place, "the run ended: " + report.status.ToString(), "", ""}};
    ReadLetters();
    Check(report);
    return std::move(failures_);
  }

 private:
  void StandIn() {
    for (const StageDescription& stage : pipeline_.stages) {
      if (stage.descriptor->is_source() && test_.inputs) {
        const auto input = std::find_if(test_.inputs->begin(), test_.inputs->end(),
                                        [&](const TestInput& i) { return i.stage == stage.name; });
        static const std::vector<std::string> kNothing;
        const auto& lines = input == test_.inputs->end() ? kNothing : input->lines;
        stand_ins_[stage.name] = [&lines] { return MakeTestSource(lines); };
      } else if (stage.descriptor->outputs.empty()) {
        const auto& collection = collections_[stage.name] = std::make_shared<Collection>();
        stand_ins_[stage.name] = [collection] { return MakeCollector(collection); };
      }
    }
    for (const StageMock& mock : test_.mocks) stand_ins_[mock.stage] = [&mock] { return MakeMockStage(mock); };
  }

  /// Stages that are run must have all their values, and what they get from those that are not.
  void CheckReal() {
    for (const StageDescription& stage : pipeline_.stages) {
      if (stand_ins_.contains(stage.name)) continue;
      bool complete = stage.values.size() == stage.descriptor->options.size();
      for (const std::string& model : stage.models)
        complete = complete && pipeline_.FindModel(model)->settings.values.size() == ModelKeys().size();
      if (!complete)
        failures_.push_back({test_.place,
                             fmt::format("stage `{}` has options whose variables have no value", stage.name),
                             "values under `set:`, or a mock of the stage", ""});
    }
    for (const EdgeDescription& edge : pipeline_.edges) {
      const StageDescription &from = pipeline_.stages[edge.from], &to = pipeline_.stages[edge.to];
      if (!stand_ins_.contains(from.name) || stand_ins_.contains(to.name) || to.input_payload == "record") continue;
      failures_.push_back(
          {test_.place,
           fmt::format("stage `{}` receives `{}` from `{}`, which is not run", to.name, to.input_payload, from.name),
           "a mock of `" + to.name + "` too: a mock passes on no more than the record's JSON", ""});
    }
  }

  void ReadLetters() {
    std::ifstream file(pipeline_.engine.dead_letter_path, std::ios::binary);
    for (std::string line; std::getline(file, line);) letters_.push_back(Json::parse(line, nullptr, false));
    std::stable_sort(letters_.begin(), letters_.end(), [](const Json& a, const Json& b) {
      return a.value("line", uint64_t{0}) < b.value("line", uint64_t{0});
    });
  }

  void Check(const RunReport& report) {
    const Expectations& expect = test_.expect;
    CheckFailed();
    size_t count = 0;
    std::map<std::string, std::vector<Json>> outputs;
    for (const auto& [stage, collection] : collections_) {
      for (Collected& record : collection->Take()) outputs[stage].push_back(std::move(record.json));
      count += outputs[stage].size();
    }
    for (const StageRecords& expected : expect.output)
      Add(Compare(expected, outputs[expected.stage],
                  collections_.size() > 1 ? "output of `" + expected.stage + "`" : "output"));
    if (expect.each) {
      for (const auto& [stage, records] : outputs)
        for (size_t i = 0; i < records.size(); ++i) Add(Compare(*expect.each, records[i], RecordName(i, records[i])));
    }
    CheckNumber(expect.count, count, "records that reach last stages");
    CheckNumber(expect.skipped, report.skipped, "records that are skipped");
    for (const StageFigures& expected : expect.stages) {
      const auto stats = report.stages.find(expected.stage);
      if (stats != report.stages.end())
        Add(Compare(expected.figures, FiguresOf(stats->second), "stage `" + expected.stage + "`"));
    }
  }

  void CheckFailed() {
    const auto& expected = test_.expect.failed;
    if (expected) return Add(Compare(*expected, letters_, "failed"));
    for (size_t i = 0; i < std::min(letters_.size(), kMostFailuresNamed); ++i) {
      const Json& letter = letters_[i];
      failures_.push_back(
          {test_.expect.place,
           fmt::format("record `{}` failed at stage `{}`", letter.value("id", ""), letter.value("stage", "")),
           "no failed records, or `failed:` with them", letter.value("message", "")});
    }
    if (letters_.size() > kMostFailuresNamed)
      failures_.push_back({test_.expect.place, fmt::format("{} records failed", letters_.size()), "none", ""});
  }

  void CheckNumber(const std::optional<FieldMatcher>& expected, uint64_t number, const std::string& what) {
    if (!expected) return;
    const Json value = number;
    if (auto mismatch = expected->matcher.Check(&value))
      failures_.push_back({expected->place, what, std::move(mismatch->expected), std::move(mismatch->actual)});
  }

  static Json FiguresOf(const StageStats& stats) {
    Json figures = {{"calls", stats.calls},
                    {"records_in", stats.records_in},
                    {"records_out", stats.records_out},
                    {"failed", stats.failed}};
    for (const auto& [name, amount] : stats.counters) figures[name] = amount;
    for (const auto& [name, sample] : stats.samples)
      figures[name] = sample.count > 0 ? sample.sum / static_cast<double>(sample.count) : 0;
    return figures;
  }

  void Add(std::vector<TestFailure> failures) {
    std::move(failures.begin(), failures.end(), std::back_inserter(failures_));
  }

  PipelineDescription pipeline_;
  const std::string file_;
  const TestCase& test_;
  decltype(RunProbes::stand_ins) stand_ins_;
  std::map<std::string, std::shared_ptr<Collection>> collections_;  // by last stage
  std::vector<Json> letters_;
  std::vector<TestFailure> failures_;
};

std::vector<TestFailure> Failures(const SourceText& source, const Registry& registry, const LoadOptions& options,
                                  const TestCase& test, const std::string& scratch) {
  LoadedPipeline loaded = LoadPipeline(source, registry, OptionsOf(test, options));
  std::vector<TestFailure> failures;
  for (const Diagnostic& fault : loaded.diagnostics) {
    if (fault.severity == Severity::kError)
      failures.push_back(fault.place.line > 0 && fault.place.file == 0
                             ? TestFailure{fault.place, fault.message, fault.expected, ""}
                             : TestFailure{test.place, fault.file + ": " + fault.message, fault.expected, ""});
  }
  if (!failures.empty()) return failures;
  // What was read of the test before its profiles were laid over the pipeline may not know its stages.
  const auto tests = std::move(loaded.description.tests);
  const auto again = std::find_if(tests.begin(), tests.end(), [&](const TestCase& t) { return t.name == test.name; });
  if (again == tests.end()) return {{test.place, "the test's own settings take it away", "", ""}};
  return TestRun(std::move(loaded.description), source.file(), *again, scratch).Run();
}

}  // namespace

TestResult RunTest(const SourceText& source, const Registry& registry, const LoadOptions& options, const TestCase& test,
                   const std::string& scratch) {
  const auto begin = std::chrono::steady_clock::now();
  TestResult result{test.name, test.place, Failures(source, registry, options, test, scratch), 0};
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace retort

// pipelines/sirius.yaml and `retort bench sirius`, by the built binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipelines/prompts.h"
#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

/// The lines that `choose` (number) takes.
template <typename Choose>
std::string SomeLines(const std::string& text, Choose choose) {
  std::istringstream in(text);
  std::string some;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) some += choose(number++) ? line + "\n" : "";
  return some;
}

TEST(SiriusPipeline, LosslessChangesNoText) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(20));
  for (const char* temperature : {"0", "0.8"}) {
    const Variables settings = {{"precision", "exact"}, {"max_tokens", "24"}, {"temperature", temperature}};
    // Both stop at the end of a line.
    const auto expected = Completions(folder.Run("tasks", settings));
    ASSERT_EQ(expected.size(), 20u);
    for (const char* const sparsity : {"coarse", "fine"}) {
      Variables lossless = settings;
      lossless["mode"] = "lossless";
      lossless["sparsity"] = sparsity;
      const PipelineRun run = folder.Run("sirius", lossless);
      ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
      EXPECT_EQ(Completions(run), expected) << sparsity;
    }
  }
}

/// Each of the first `alone` records by itself writes what it writes among all.
void ExpectSameTextAlone(PipelineFolder& folder, const std::string& records, size_t alone, Variables settings) {
  settings["precision"] = "exact";
  folder.Input(records);
  const PipelineRun together = folder.Run("sirius", settings);
  ASSERT_EQ(together.finished.exit_code, 0) << together.finished.err;
  for (size_t i = 0; i < alone; ++i) {
    folder.Input(SomeLines(records, [i](size_t number) { return number == i; }));
    const PipelineRun one = folder.Run("sirius", settings);
    ASSERT_EQ(one.written.size(), 1u) << one.finished.err;
    const auto& [id, record] = *one.written.begin();
    EXPECT_EQ(record["completion"], together.written.at(id)["completion"]) << id;
  }
}

TEST(SiriusPipeline, ATextDoesNotDependOnTheBatch) {
  PipelineFolder folder;
  for (const Variables& settings :
       {Variables{{"threshold", "0.01"}, {"min_confidence", "0"}},
        {{"sparsity", "coarse"}, {"width", "3"}, {"threshold", "0.01"}, {"min_confidence", "0"}},
        {{"mode", "adaptive"}, {"threshold", "0.01"}, {"min_confidence", "0.02"}}}) {
    ExpectSameTextAlone(folder, TinyPrompts(16), 3, settings);
  }
}

TEST(SiriusPipeline, ATextOfTheRealModelDoesNotDependOnTheBatch_slow) {
  PipelineFolder folder;
  const std::string tasks = ReadFile(SourceFolder() + "/pipelines/data/tasks.jsonl");
  const std::string eight = SomeLines(tasks, [](size_t number) { return number % 77 == 5; });
  for (const char* const sparsity : {"coarse", "fine"})
    ExpectSameTextAlone(folder, eight, 3, {{"model", "smollm2-135m-instruct"}, {"sparsity", sparsity}});
}

TEST(SiriusPipeline, TheSummaryHasAdvanceLengthAndEffectiveDensity) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(6));
  const PipelineRun run =
      folder.Run("sirius", {{"threshold", "0"}, {"kernel", "4"}, {"min_confidence", "0"}, {"max_tokens", "17"}});
  ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
  const Json& correct = run.summary["stages"]["correct"];
  // Everything stands: after the prompt's token, kernels of four.
  EXPECT_EQ(correct["samples"]["kept_tokens"]["max"], 4);
  EXPECT_EQ(correct["samples"]["kept_tokens_without_last"]["min"], 4);
  const double kept = correct["samples"]["kept_tokens_without_last"]["sum"];
  const double density = correct["counters"]["check_density_without_last"].get<double>() / kept;
  EXPECT_GT(density, 0.25);
  EXPECT_LT(density, 1);
}

TEST(SiriusPipeline, AProfileSpreadsTheNeuronsOfItsOwnModel) {
  PipelineFolder folder;
  const Finished calibrated = RunRetort({"sparse", "calibrate", "--model", "tiny.gguf", "--quick", "--tokens", "6",
                                         "--trial-tokens", "4", "--out", "profile.json"},
                                        "", folder.folder().path());
  ASSERT_EQ(calibrated.exit_code, 0) << calibrated.err;
  folder.Input(TinyPrompts(8));
  Variables settings = {{"precision", "exact"}, {"max_tokens", "24"}};
  const auto expected = Completions(folder.Run("tasks", settings));
  settings.insert({{"mode", "lossless"}, {"profile", folder.path("profile.json")}, {"density", "0.6"}});
  for (const auto& [sparsity, choose] : {std::pair("coarse", "count"), {"fine", "count"}, {"fine", "threshold"}}) {
    settings["sparsity"] = sparsity;
    settings["choose"] = choose;
    const PipelineRun run = folder.Run("sirius", settings);
    ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
    EXPECT_EQ(Completions(run), expected) << sparsity << " by " << choose;
  }
  WriteTinyModel(folder.path("other.gguf"), {.seed = 9});
  settings["model"] = "other.gguf";
  const PipelineRun other = folder.Run("sirius", settings);
  EXPECT_EQ(other.finished.exit_code, 2);
  EXPECT_THAT(other.finished.err, HasSubstr("profile.json"));
  EXPECT_THAT(other.finished.err, HasSubstr("retort sparse calibrate"));
  folder.folder().Write("profile.json", "{\"retort_sparse_profile\": 1, \"model\":");
  settings["model"] = "tiny.gguf";
  const PipelineRun damaged = folder.Run("sirius", settings);
  EXPECT_EQ(damaged.finished.exit_code, 2);
  EXPECT_THAT(damaged.finished.err, HasSubstr("profile.json"));
}

TEST(SiriusPipeline, FaultsAreToldWithTheirPlace) {
  PipelineFolder folder;
  folder.Input(TinyPrompts(1));
  const std::pair<Variables, const char*> faults[] = {
      {{{"kernel", "1"}}, "kernel"},
      {{{"density", "0"}}, "density: expected above 0"},
      {{{"kernel", "16"}, {"width", "8"}, {"min_confidence", "0"}}, "width: a check takes 63 sparse tokens at most"},
      {{{"dense_first", "2"}}, "expected less than the model's 2 layers together"}};
  for (const auto& [settings, message] : faults) {
    const PipelineRun run = folder.Run("sirius", settings);
    EXPECT_EQ(run.finished.exit_code, 2) << message;
    EXPECT_THAT(run.finished.err, HasSubstr(message));
    EXPECT_THAT(run.finished.err, HasSubstr("sirius.yaml:"));
  }
}

Finished BenchSirius(PipelineFolder& folder, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"bench",
                                        "sirius",
                                        "--json",
                                        "--tasks",
                                        "in.jsonl",
                                        "--plain",
                                        SourceFolder() + "/pipelines/tasks.yaml",
                                        "--sirius",
                                        SourceFolder() + "/pipelines/sirius.yaml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunRetort(arguments, "", folder.folder().path());
}

TEST(SiriusBench, HasTheFiguresOfBothKinds) {
  PipelineFolder folder;
  // Short ones: the tiny model's context is short.
  std::string adding;
  for (std::istringstream in(ReadFile(SourceFolder() + "/pipelines/data/tasks.jsonl")); in;) {
    std::string line;
    if (std::getline(in, line) && line.find("\"kind\": \"add\"") != line.npos) adding += line + "\n";
  }
  folder.Input(adding);
  const Finished run = BenchSirius(folder, {"-s", "model=tiny.gguf", "-s", "max_tokens=12", "--fine", "kernel=3"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json["tasks"], 36);
  EXPECT_EQ(json["fine"]["settings"]["kernel"], "3");
  EXPECT_EQ(json["coarse"]["settings"]["density"], "0.7");
  for (const char* const kind : {"coarse", "fine"}) {
    const Json& figures = json[kind];
    for (const char* const name : {"accuracy_full", "accuracy_sparse", "accuracy_corrected", "recovery"})
      EXPECT_TRUE(figures.contains(name)) << name;
    EXPECT_GE(figures["aal"], 1);
    EXPECT_LE(figures["aal"], kind == std::string("fine") ? 3 : 8);
    EXPECT_GT(figures["effective_density"], 0.2);
    EXPECT_GE(figures["loop_over_bound"], 1);
    EXPECT_GT(figures["speed_over_plain"]["8"], 0);
  }
}

TEST(SiriusBench, SaysWhatIsWrong) {
  PipelineFolder folder;
  folder.Input("");
  const Finished none = BenchSirius(folder, {"-s", "model=tiny.gguf"});
  EXPECT_EQ(none.exit_code, 2) << none.err;
  EXPECT_THAT(none.err, HasSubstr("in.jsonl"));
  folder.Input(
      "{\"id\": \"a\", \"kind\": \"k\", \"prompt\": \"1 + 1 =\", \"answer\": \"2\", \"check\": \"number\", "
      "\"max_tokens\": 4}\n");
  const Finished fault = BenchSirius(folder, {"-s", "model=tiny.gguf", "--coarse", "density=2"});
  EXPECT_EQ(fault.exit_code, 2) << fault.err;
  EXPECT_THAT(fault.err, HasSubstr("density"));
}

}  // namespace
}  // namespace retort::testing

// pipelines/tasks.yaml and `retort score`: the shipped tasks are such that the real model can mostly do them.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

/// The shipped tasks for which `choose` (number, line) holds.
template <typename Choose>
std::string SomeTasks(Choose choose) {
  std::istringstream in(ReadFile(SourceFolder() + "/pipelines/data/tasks.jsonl"));
  std::string some;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) some += choose(number++, line) ? line + "\n" : "";
  return some;
}

TEST(Tasks, ATinyModelsAnswersAreScored) {
  PipelineFolder folder;
  // Short ones: its context is short.
  folder.Input(SomeTasks([](size_t, const std::string& line) { return line.find("\"kind\": \"add\"") != line.npos; }));
  const PipelineRun run = folder.Run("tasks", {{"max_tokens", "2"}});
  EXPECT_EQ(run.finished.exit_code, 0) << run.finished.err;
  const Finished scored = RunRetort({"score", "in.jsonl", "out.jsonl", "--json"}, "", folder.folder().path());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const Json json = Json::parse(scored.out);
  EXPECT_EQ(json["tasks"], 36);
  EXPECT_EQ(json["without_completion"], 0);
}

TEST(Tasks, TheRealModelPassesMost_slow) {
  PipelineFolder folder;
  folder.Input(SomeTasks([](size_t number, const std::string&) { return number % 6 == 0; }));
  const PipelineRun run = folder.Run("tasks", {{"model", "smollm2-135m-instruct"}});
  ASSERT_EQ(run.finished.exit_code, 0) << run.finished.err;
  const Finished scored = RunRetort({"score", "in.jsonl", "out.jsonl", "--json"}, "", folder.folder().path());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const Json json = Json::parse(scored.out);
  EXPECT_EQ(json["without_completion"], 0);
  EXPECT_GE(json["accuracy"]["value"], 0.65) << scored.out;
  EXPECT_LE(json["accuracy"]["value"], 0.97) << scored.out;
}

}  // namespace
}  // namespace retort::testing

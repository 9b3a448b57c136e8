// `retort run` on pipelines without a model: exit codes, summaries, the dead-letter file, Ctrl-C.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

constexpr const char* kCopy = R"(retort: 1
name: copy
variables: { input: in.jsonl, output: out.jsonl }
engine: { dead_letter: "${output}.failed.jsonl" }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  write: { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> write
)";

TEST(Run, CopiesRecordsAndSaysSo) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "{\"id\":\"a\",\"x\":1}\n{\"id\":\"b\",\"x\":2}\n");
  const Finished finished = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(folder.Read("out.jsonl"), "{\"id\":\"a\",\"x\":1}\n{\"id\":\"b\",\"x\":2}\n");
  EXPECT_NE(finished.err.find("copy: done"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("records                  2 ("), std::string::npos) << finished.err;
}

TEST(Run, ABadLineCostsThatRecordAlone) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "{\"id\":\"a\"}\nnot json\n[1]\n{\"id\":\"b\"}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--json", "--quiet"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(folder.Read("out.jsonl"), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  const auto summary = nlohmann::json::parse(finished.out);
  EXPECT_EQ(summary["status"], "ok");
  EXPECT_EQ(summary["records"]["admitted"], 4);
  EXPECT_EQ(summary["records"]["completed"], 2);
  EXPECT_EQ(summary["records"]["failed"], 2);
  EXPECT_EQ(summary["dead_letter"], "out.jsonl.failed.jsonl");
  EXPECT_EQ(summary["stages"]["write"]["records_in"], 2);
  EXPECT_TRUE(summary["acceptance_length"].is_null());
  const std::string letters = folder.Read("out.jsonl.failed.jsonl");
  EXPECT_EQ(std::count(letters.begin(), letters.end(), '\n'), 2) << letters;
}

TEST(Run, TheSummaryNamesTheDeadLetterFile) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "x\n");
  const Finished finished = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_NE(finished.err.find("(see out.jsonl.failed.jsonl)"), std::string::npos) << finished.err;
}

TEST(Run, SetsVariables) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("other.jsonl", "{}\n");
  EXPECT_EQ(
      RunRetort({"run", "-s", "input=other.jsonl", "-s", "output=copy.jsonl", "p.yaml"}, "", folder.path()).exit_code,
      0);
  EXPECT_EQ(folder.Read("copy.jsonl"), "{}\n");
}

TEST(Run, ReadsStdinAndWritesStdout) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished finished =
      RunRetort({"run", "p.yaml", "-s", "input=-", "-s", "output=-", "--quiet"}, "{\"id\":1}\n", folder.path());
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "{\"id\":1}\n");
}

TEST(Run, EmptyInputIsDone) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "");
  EXPECT_EQ(RunRetort({"run", "p.yaml"}, "", folder.path()).exit_code, 0);
  EXPECT_EQ(folder.Read("out.jsonl"), "");
}

TEST(Run, FaultsOfThePipelineAreExitCode2) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", std::string(kCopy) + "edgse: 1\n");
  const Finished finished = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("p.yaml:10:1: error: the pipeline: there is no `edgse` here"), std::string::npos)
      << finished.err;
  EXPECT_EQ(RunRetort({"run", "missing.yaml"}, "", folder.path()).exit_code, 2);
  EXPECT_EQ(RunRetort({"run", "."}, "", folder.path()).exit_code, 2);
}

TEST(Run, AMissingModelIsExitCode2WithItsPlace) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", R"(retort: 1
models:
  m: { source: no/such/model.gguf }
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  prompt: { uses: prompt, with: { model: m } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> prompt
  - prompt -> write
)");
  folder.Write("in.jsonl", "{}\n");
  const Finished finished = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("p.yaml:3:3: error: model `m`"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("no/such/model.gguf"), std::string::npos) << finished.err;
}

TEST(Run, FilesThatCannotBeUsedAbort) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished no_input = RunRetort({"run", "p.yaml"}, "", folder.path());
  EXPECT_EQ(no_input.exit_code, 3);
  EXPECT_NE(no_input.err.find("in.jsonl"), std::string::npos) << no_input.err;
  folder.Write("in.jsonl", "{}\n");
  const Finished no_output = RunRetort({"run", "p.yaml", "-s", "output=no/such/folder/out.jsonl"}, "", folder.path());
  EXPECT_EQ(no_output.exit_code, 3);
  EXPECT_NE(no_output.err.find("no/such/folder/out.jsonl"), std::string::npos) << no_output.err;
  std::string counting = kCopy;  // without a dead-letter file, which would lie beside the output
  counting.erase(counting.find("engine:"), counting.find("stages:") - counting.find("engine:"));
  folder.Write("q.yaml", counting);
  const Finished full = RunRetort({"run", "q.yaml", "-s", "output=/dev/full"}, "", folder.path());
  EXPECT_NE(full.exit_code, 0);
  EXPECT_LT(full.exit_code, 128);
  EXPECT_NE(full.err.find("/dev/full"), std::string::npos) << full.err;
}

TEST(Run, AgainstAnotherPipelineComparesTheTexts) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("q.yaml", kCopy);
  folder.Write("in.jsonl", "{\"id\":\"a\",\"completion\":\"x\"}\n{\"id\":\"b\",\"completion\":\"y\"}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--against", "q.yaml", "--json"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(folder.Read("out.against.jsonl"), folder.Read("out.jsonl"));
  EXPECT_NE(finished.err.find("against q.yaml\n  identical texts          2 of 2\n"), std::string::npos)
      << finished.err;
  const auto json = nlohmann::json::parse(finished.out);
  EXPECT_EQ(json["texts"]["identical"], 2);
  EXPECT_TRUE(json["speed_up"].is_null());  // no tokens were generated
  EXPECT_EQ(json["against"]["records"]["completed"], 2);
}

/// Runs `copy` on an input that never ends, and sends `signals` (shell commands) once it has written records.
Finished RunEndlessly(const TemporaryFolder& folder, const std::string& options, const std::string& signals) {
  folder.Write("p.yaml", kCopy);
  return RunShell("(while :; do printf '{}\\n'; done) 2>/dev/null | { exec 3<&0; \"$RETORT\" run p.yaml -s input=- " +
                      options +
                      " <&3 & pid=$!; for i in $(seq 600); do [ -s out.jsonl.part ] && break; sleep 0.1; done; " +
                      signals + "; wait $pid; echo exit $?; }",
                  folder.path());
}

TEST(Run, AnInterruptDrainsAndIsExitCode130) {
  const TemporaryFolder folder;
  const Finished finished = RunEndlessly(folder, "--quiet --json", "kill -INT $pid");
  EXPECT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
  const auto summary = nlohmann::json::parse(finished.out.substr(0, finished.out.find("exit ")), nullptr, false);
  ASSERT_FALSE(summary.is_discarded()) << finished.out;
  EXPECT_EQ(summary["status"], "cancelled");
  EXPECT_GT(summary["records"]["completed"].get<int>(), 0);
  EXPECT_EQ(summary["records"]["admitted"], summary["records"]["completed"]);  // what was in flight was finished
}

TEST(Run, AnInterruptSaysWhatItDoesAndHowToGoFurther) {
  const TemporaryFolder folder;
  const Finished finished = RunEndlessly(folder, "", "kill -TERM $pid");
  EXPECT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
  EXPECT_NE(finished.err.find("Interrupted: finishing what is in flight; once more to stop now."), std::string::npos)
      << finished.err;
}

TEST(Run, AnInterruptEndsARunThatWaitsForInput) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  // One line comes and no more; the shell itself keeps the pipe open for longer than the test may take.
  const Finished finished = RunShell(
      "mkfifo pipe && exec 4<>pipe && echo '{}' >&4 && { \"$RETORT\" run p.yaml -s input=pipe --quiet --json & pid=$!; "
      "for i in $(seq 600); do [ -e out.jsonl.part ] && break; sleep 0.1; done; kill -INT $pid; wait $pid; "
      "echo exit $?; }",
      folder.path());
  EXPECT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
}

}  // namespace
}  // namespace retort::testing

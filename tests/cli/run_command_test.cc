// `retort run` on pipelines without a model: exit codes, summaries, the dead-letter file.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

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

TEST(Run, TheTextOfALineThatIsNoRecordIsKept) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished finished =
      RunRetort({"run", "p.yaml", "-s", "input=-", "--quiet"}, "say \"hi\" \xFF\n", folder.path());
  EXPECT_EQ(finished.exit_code, 1);
  const auto letter = nlohmann::json::parse(folder.Read("out.jsonl.failed.jsonl"));
  EXPECT_TRUE(letter["record"].is_null());
  EXPECT_EQ(letter["line_text"], "say \"hi\" \xEF\xBF\xBD");
}

TEST(Run, WholeNumbersAreNeverChanged) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const std::string good =
      "{\"least\":-9223372036854775808,\"most\":18446744073709551615,\"text\":\"18446744073709551616\"}\n";
  folder.Write("in.jsonl", good + "{\"n\":18446744073709551616}\n{\"n\":[-9223372036854775809]}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--quiet"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(folder.Read("out.jsonl"), good);
  const std::string letters = folder.Read("out.jsonl.failed.jsonl");
  EXPECT_NE(letters.find("line 2: a whole number beyond 64 bits at column 6"), std::string::npos) << letters;
  EXPECT_NE(letters.find("line 3: a whole number beyond 64 bits at column 7"), std::string::npos) << letters;
}

TEST(Run, AnAbortAtOnceKeepsWhatEarlierRunsLeft) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("out.jsonl", "earlier output\n");
  folder.Write("out.jsonl.failed.jsonl", "earlier letters\n");
  EXPECT_EQ(RunRetort({"run", "p.yaml", "-s", "input=missing.jsonl"}, "", folder.path()).exit_code, 3);
  EXPECT_EQ(folder.Read("out.jsonl"), "earlier output\n");
  EXPECT_EQ(folder.Read("out.jsonl.failed.jsonl"), "earlier letters\n");
}

TEST(Run, AnOutputBeyondTheFileSizeLimitIsAnErrorThatNamesIt) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a limit on the size of files ends the sanitizer itself";
#endif
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "{\"id\":" + std::to_string(i) + "}\n";
  folder.Write("in.jsonl", lines);
  const Finished finished = RunShell("ulimit -f 16; \"$RETORT\" run p.yaml --quiet", folder.path());
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(finished.err.find("error: stage 'write': out.jsonl.part: writing failed: File too large"), 0u)
      << finished.err;
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
  EXPECT_NE(finished.err.find("p.yaml:3:3: error: model 'm': model 'no/such/model.gguf': no such file"),
            std::string::npos)
      << finished.err;
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
  std::string beside = kCopy;  // the letters of an output that is no file lie in the working folder
  beside.replace(beside.find("dead_letter: \"${output}.failed.jsonl\""), 38, "dead_letter_beside: \"${output}\"");
  folder.Write("q.yaml", beside);
  const Finished full = RunRetort({"run", "q.yaml", "-s", "output=/dev/full"}, "", folder.path());
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_NE(full.err.find("error: stage 'write': /dev/full: writing failed: No space left"), std::string::npos)
      << full.err;
  EXPECT_NE(folder.Read("failed.jsonl").find("\"stage\":\"write\""), std::string::npos) << "what was lost is kept";
  EXPECT_NE(full.err.find("/dev/full"), std::string::npos) << full.err;
}

}  // namespace
}  // namespace retort::testing

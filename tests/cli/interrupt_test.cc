// Ctrl-C while `retort run` runs: once and twice.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

/// Runs `copy` on an input that never ends, and sends `signals` (shell commands) once it has written records.
Finished RunEndlessly(const TemporaryFolder& folder, const std::string& options, const std::string& signals) {
  folder.Write("p.yaml", kCopy);
  return RunShell("(while :; do printf '{}\\n'; done) 2>/dev/null | { exec 3<&0; \"$RETORT\" run p.yaml -s input=- " +
                      options +
                      " <&3 & pid=$!; for i in $(seq 600); do [ -s out.jsonl.part ] && break; sleep 0.1; done; " +
                      signals + "; wait $pid; echo exit $?; }",
                  folder.path());
}

TEST(Interrupt, AnInterruptDrainsAndIsExitCode130) {
  const TemporaryFolder folder;
  const Finished finished = RunEndlessly(folder, "--quiet --json", "kill -INT $pid");
  EXPECT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
  const auto summary = nlohmann::json::parse(finished.out.substr(0, finished.out.find("exit ")), nullptr, false);
  ASSERT_FALSE(summary.is_discarded()) << finished.out;
  EXPECT_EQ(summary["status"], "cancelled");
  EXPECT_GT(summary["records"]["completed"].get<int>(), 0);
  EXPECT_EQ(summary["records"]["admitted"], summary["records"]["completed"]);  // what was in flight was finished
}

TEST(Interrupt, AnInterruptSaysWhatItDoesAndHowToGoFurther) {
  const TemporaryFolder folder;
  const Finished finished = RunEndlessly(folder, "", "kill -TERM $pid");
  EXPECT_NE(finished.out.find("exit 130"), std::string::npos) << finished.out << finished.err;
  EXPECT_NE(finished.err.find("Interrupted: finishing the records that were begun; once more to stop now."),
            std::string::npos)
      << finished.err;
}

TEST(Interrupt, AnInterruptEndsARunThatWaitsForInput) {
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

/// Runs a pipeline in which the first record takes a minute and holds back the two others, which are finished; sends
/// `signals`.
Finished RunHeldBack(const TemporaryFolder& folder, const std::string& signals) {
  folder.Write("p.yaml", R"(retort: 1
name: held
stages:
  read: { uses: read-jsonl, with: { path: in.jsonl } }
  slow: { uses: slow, with: { marker: passed } }
  write: { uses: write-jsonl, with: { path: out.jsonl } }
edges:
  - read -> slow
  - slow.out -> write
  - { from: slow.again, to: slow, back: true }
)");
  folder.Write("in.jsonl", "{\"id\":\"a\",\"seconds\":60}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
  return RunShell(
      "export RETORT_PLUGIN_PATH='" RETORT_BINARY_DIR "/tests/cli/plugins'; \"$RETORT\" run p.yaml & pid=$!; " +
          ("for i in $(seq 600); do [ -e passed ] && break; sleep 0.1; done; " + signals) + "; wait $pid; echo exit $?",
      folder.path());
}

constexpr const char* kTwice = "kill -INT $pid; sleep 0.2; kill -INT $pid";

TEST(Interrupt, TwiceKeepsWhatIsFinishedAndTheFileOfAnEarlierRun) {
  const TemporaryFolder folder;
  folder.Write("out.jsonl", "of an earlier run\n");
  const Finished finished = RunHeldBack(folder, kTwice);
  EXPECT_EQ(finished.out, "exit 130\n") << finished.err;
  EXPECT_EQ(folder.Read("out.jsonl"), "of an earlier run\n");
  EXPECT_EQ(folder.Read("out.jsonl.part"), "{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
  EXPECT_NE(finished.err.find("2 of 3 records read are done, 1 were broken off"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("out.jsonl.part holds what was finished (records: 2); out.jsonl is left as it was"),
            std::string::npos)
      << finished.err;
}

TEST(Interrupt, TwicePublishesWhereNothingIsReplaced) {
  const TemporaryFolder folder;
  EXPECT_EQ(RunHeldBack(folder, kTwice).out, "exit 130\n");
  EXPECT_EQ(folder.Read("out.jsonl"), "{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
}

}  // namespace
}  // namespace retort::testing

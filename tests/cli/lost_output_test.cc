// Output that cannot be written shows in the exit code, and never lands in another file.
#include <gtest/gtest.h>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

TEST(LostOutput, AFullDiskBehindStdoutIsExitCode3) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "{}\n");
  for (const char* command : {"list", "schema", "--help", "run --help", "version", "describe read-jsonl",
                              "run p.yaml --quiet --json", "plan p.yaml", "lint p.yaml"}) {
    const Finished finished = RunShell(std::string("\"$RETORT\" ") + command + " >/dev/full", folder.path());
    EXPECT_EQ(finished.exit_code, 3) << command;
    EXPECT_EQ(finished.err, "error: standard output: writing failed: No space left on device\n") << command;
  }
}

TEST(LostOutput, AClosedStdoutGetsNoFileOfTheRun) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "not json\n{\"id\":\"good\"}\n");
  const Finished finished =
      RunShell("\"$RETORT\" run p.yaml -s output=- -s input=in.jsonl >&-; echo exit $? >&2", folder.path());
  EXPECT_NE(finished.err.find("exit 3\n"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("standard output: writing failed"), std::string::npos) << finished.err;
  const std::string letters = folder.Read("-.failed.jsonl");  // what kCopy asks for
  EXPECT_EQ(letters.find("{\"id\":\"good\"}\n"), std::string::npos) << letters;
}

TEST(LostOutput, AClosedStdinIsAnErrorAndNoEmptyInput) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished finished = RunShell("\"$RETORT\" run p.yaml -s input=- <&-", folder.path());
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
}

}  // namespace
}  // namespace retort::testing

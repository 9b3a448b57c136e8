// Severities in colours: on a terminal that wants them, and nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRedError = "\033[1;31merror:\033[0m";

class Colour : public ::testing::Test {
 protected:
  Colour() {
    std::string faulty = kCopy;
    faulty.replace(faulty.find("read-jsonl"), 10, "raed-jsonl");
    folder_.Write("p.yaml", faulty);
  }
  /// What a terminal shows of `retort lint p.yaml`.
  std::string OnTerminal(const std::string& environment) {
    return RunShell("env -u NO_COLOR -u CLICOLOR_FORCE " + environment +
                        " python3 -c 'import os, pty, sys; sys.exit(pty.spawn([os.environ[\"RETORT\"], \"lint\", "
                        "\"p.yaml\"]) * 0)' < /dev/null",
                    folder_.path())
        .out;
  }
  TemporaryFolder folder_;
};

TEST_F(Colour, TerminalsGetThem) {
  const std::string shown = OnTerminal("TERM=xterm");
  EXPECT_THAT(shown, HasSubstr(std::string(": ") + kRedError + " stage `read`: there is no stage `raed-jsonl`"));
  EXPECT_THAT(shown, HasSubstr("\033[1;31m^\033[0m"));
}

TEST_F(Colour, ThoseWhoDoNotWantThemDoNot) {
  for (const char* environment : {"TERM=dumb", "TERM=xterm NO_COLOR=1", "-u TERM"}) {
    const std::string shown = OnTerminal(environment);
    EXPECT_THAT(shown, HasSubstr("error: stage `read`")) << environment;
    EXPECT_THAT(shown, Not(HasSubstr("\033"))) << environment;
  }
}

TEST_F(Colour, FilesAndPipesDoNot) {
  const Finished finished = RunRetort({"lint", "p.yaml"}, "", folder_.path(), {{"TERM", "xterm"}});
  EXPECT_THAT(finished.out, HasSubstr(": error: "));
  EXPECT_THAT(finished.out, Not(HasSubstr("\033")));
}

TEST_F(Colour, ErrorsOfEveryCommandMayHaveThem) {
  const std::map<std::string, std::string> forced = {{"CLICOLOR_FORCE", "1"}};
  EXPECT_THAT(RunRetort({"plan", "p.yaml"}, "", folder_.path(), forced).err, HasSubstr(kRedError));
  EXPECT_THAT(RunRetort({"plan", "none.yaml"}, "", folder_.path(), forced).err, HasSubstr(kRedError));
  EXPECT_THAT(RunRetort({"pln"}, "", folder_.path(), forced).err, HasSubstr(kRedError));
  EXPECT_THAT(RunRetort({"lint", "p.yaml", "--format", "json"}, "", folder_.path(), forced).out,
              Not(HasSubstr("\033")));
}

TEST_F(Colour, WarningsAreYellowAndTheSourceIsLeftAlone) {
  folder_.Write("w.yaml", R"(retort: 1
variables: { input: , "x: error: y": 1 }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  write: { uses: write-jsonl, with: { path: out } }
edges: [read -> write]
)");
  const std::string shown = RunRetort({"lint", "w.yaml"}, "", folder_.path(), {{"CLICOLOR_FORCE", "1"}}).out;
  EXPECT_THAT(shown, HasSubstr(": \033[1;33mwarning:\033[0m variable `input` has no value"));
  EXPECT_THAT(shown, HasSubstr("  2 | variables: { input: , \"x: error: y\": 1 }\n"));
}

}  // namespace
}  // namespace retort::testing

// Help, versions, and command lines that are not understood.
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

using Words = std::vector<std::string>;

class Help : public ::testing::TestWithParam<Words> {};

TEST_P(Help, ExplainsWithAnExample) {
  Words words = GetParam();
  words.push_back("--help");
  const Finished help = RunRetort(words);
  EXPECT_EQ(help.exit_code, 0) << help.err;
  EXPECT_EQ(help.err, "");
  EXPECT_NE(help.out.find("Usage: retort"), std::string::npos) << help.out;
  EXPECT_NE(help.out.find("Example: "), std::string::npos) << help.out;
  for (const std::string& word : GetParam()) EXPECT_NE(help.out.find(word), std::string::npos) << help.out;
}

INSTANTIATE_TEST_SUITE_P(Commands, Help,
                         ::testing::Values(Words{}, Words{"run"}, Words{"lint"}, Words{"plan"}, Words{"list"},
                                           Words{"describe"}, Words{"schema"}, Words{"models"},
                                           Words{"models", "tokenize"}, Words{"models", "inspect"}, Words{"bench"},
                                           Words{"bench", "engine"}, Words{"bench", "decode"}, Words{"bench", "sparse"},
                                           Words{"bench", "calibrate"}, Words{"compare"}, Words{"score"}, Words{"top"},
                                           Words{"version"}),
                         [](const auto& words) {
                           std::string name = "retort";
                           for (const std::string& word : words.param) name += "_" + word;
                           return name;
                         });

TEST(CommandLine, UnknownCommandNamesTheNearest) {
  const Finished finished = RunRetort({"lnit", "x.yaml"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, "error: retort has no command `lnit`\n  did you mean `lint`?\n  see `retort --help`\n");
}

TEST(CommandLine, UnknownSubcommandNamesTheNearest) {
  const Finished finished = RunRetort({"bench", "decod"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err,
            "error: retort bench has no command `decod`\n  did you mean `decode`?\n  see `retort bench --help`\n");
}

TEST(CommandLine, UnknownOptionNamesTheNearest) {
  const Finished finished = RunRetort({"run", "x.yaml", "--determinstic"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err,
            "error: retort run has no option `--determinstic`\n  did you mean `--deterministic`?\n  see `retort run "
            "--help`\n");
}

TEST(CommandLine, UnlikeOptionListsTheOptions) {
  const Finished finished = RunRetort({"version", "--frobnicate"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("error: retort version has no option `--frobnicate`\n  expected: one of `--help`"),
            std::string::npos)
      << finished.err;
}

TEST(CommandLine, NothingAtAllGivesTheHelp) {
  const Finished finished = RunRetort({});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, RunRetort({"--help"}).out);
}

TEST(CommandLine, MissingArgumentIsNamed) {
  const Finished finished = RunRetort({"plan"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("retort plan: pipeline is required"), std::string::npos) << finished.err;
}

TEST(CommandLine, WrongValueIsNamed) {
  const Finished finished = RunRetort({"run", "x.yaml", "--threads", "many"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("--threads"), std::string::npos) << finished.err;
}

TEST(CommandLine, VersionNamesTheAbi) {
  const Finished finished = RunRetort({"version"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out.find("retort 0."), 0u) << finished.out;
  EXPECT_NE(finished.out.find("plugin ABI 1"), std::string::npos);
  EXPECT_EQ(RunRetort({"--version"}).out, finished.out);
}

TEST(CommandLine, AClosedPipeIsNoCrash) {
  for (const char* command : {"schema", "list", "describe read-jsonl --format json", "--help"}) {
    const Finished finished = RunShell(std::string("{ \"$RETORT\" ") + command + "; echo ended $? >&2; } | true");
    EXPECT_EQ(finished.err, "ended 0\n") << command;
    const Finished closed = RunShell(std::string("\"$RETORT\" ") + command + " >&-");
    EXPECT_LT(closed.exit_code, 128) << command;
  }
}

}  // namespace
}  // namespace retort::testing

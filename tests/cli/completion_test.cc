// The scripts of `retort completion` in the shells themselves, where they are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

bool Installed(const std::string& program) { return RunShell("command -v " + program).exit_code == 0; }

std::vector<std::string> Sorted(const std::string& lines) {
  std::vector<std::string> out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  std::sort(out.begin(), out.end());
  return out;
}

/// What bash offers for the last of `words`, which are in shell syntax.
std::vector<std::string> Bash(const std::string& words, const std::string& folder = "") {
  const Finished finished = RunShell(
      "bash -euc 'source <(\"$RETORT\" completion bash); COMP_WORDS=(\"$RETORT\" " + words +
          "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _retort 2> /dev/null; printf \"%s\\n\" \"${COMPREPLY[@]}\"'",
      folder);
  EXPECT_EQ(finished.exit_code, 0) << words << ": " << finished.err;
  auto out = Sorted(finished.out);
  std::erase(out, "");
  return out;
}

TEST(Completion, BashKnowsCommandsAndOptions) {
  EXPECT_THAT(Bash("\"\""), IsSupersetOf({"run", "lint", "graph", "diff", "completion", "man", "models"}));
  EXPECT_THAT(Bash("li"), ElementsAre("lint", "list"));
  EXPECT_THAT(Bash("models \"\""), ElementsAre("inspect", "perplexity", "quantize", "tokenize"));
  EXPECT_THAT(Bash("lint -"), IsSupersetOf({"--fix", "--format", "--help", "--profile", "--set", "-h", "-s"}));
  EXPECT_THAT(Bash("models quantize --f"), ElementsAre("--force"));
}

TEST(Completion, BashKnowsChoices) {
  EXPECT_THAT(Bash("plan --format x --"), Contains("--json"));
  EXPECT_THAT(Bash("graph p.yaml --format \"\""), ElementsAre("dot", "mermaid", "svg"));
  EXPECT_THAT(Bash("graph p.yaml --format = d"), ElementsAre("dot")) << "--format=d is three words to bash";
  EXPECT_THAT(Bash("graph p.yaml --format ="), ElementsAre("dot", "mermaid", "svg"));
  EXPECT_THAT(Bash("completion \"\""), ElementsAre("bash", "fish", "zsh"));
  EXPECT_THAT(Bash("man mod"), ElementsAre("models"));
  EXPECT_THAT(Bash("run p.yaml --seed \"\""), IsEmpty()) << "a number";
}

TEST(Completion, BashKnowsStagesAndFiles) {
  EXPECT_THAT(Bash("describe ver"), ElementsAre("verify"));
  const TemporaryFolder folder;
  for (const char* name : {"a.yaml", "b.yml", "c.jsonl", "with space.yaml"}) folder.Write(name, "");
  std::filesystem::create_directory(folder.path() + "/sub");
  EXPECT_THAT(Bash("run \"\"", folder.path()), ElementsAre("a.yaml", "b.yml", "sub", "with space.yaml"));
  EXPECT_THAT(Bash("run a.yaml --against b", folder.path()), ElementsAre("b.yml"));
  EXPECT_THAT(Bash("compare \"\"", folder.path()), Contains("c.jsonl"));
  EXPECT_THAT(Bash("run a.yaml --report \"\"", folder.path()), AllOf(Contains("c.jsonl"), Contains("sub")));
}

TEST(Completion, ZshReadsItsScript) {
  if (!Installed("zsh")) GTEST_SKIP() << "zsh is not installed";
  const Finished finished = RunShell("\"$RETORT\" completion zsh | zsh -n /dev/stdin");
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
}

/// What fish offers after `line`; it keeps what it keeps in `folder`.
std::vector<std::string> Fish(const std::string& line, const std::string& folder) {
  const Finished finished = RunShell(
      "PATH=\"$(dirname \"$RETORT\"):$PATH\" HOME=. fish --no-config -c "
      "'retort completion fish | source; complete -C \"" +
          line + "\"' | cut -f1",
      folder);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  return Sorted(finished.out);
}

TEST(Completion, FishKnowsAllOfIt) {
  if (!Installed("fish")) GTEST_SKIP() << "fish is not installed";
  const TemporaryFolder folder;
  EXPECT_THAT(Fish("retort li", folder.path()), ElementsAre("lint", "list"));
  EXPECT_THAT(Fish("retort models ", folder.path()), ElementsAre("inspect", "perplexity", "quantize", "tokenize"));
  EXPECT_THAT(Fish("retort graph p.yaml --format ", folder.path()), ElementsAre("dot", "mermaid", "svg"));
  EXPECT_THAT(Fish("retort describe ver", folder.path()), ElementsAre("verify"));
  EXPECT_THAT(Fish("retort lint --f", folder.path()), IsSupersetOf({"--fix", "--format"}));
  folder.Write("a.yaml", "");
  folder.Write("b.jsonl", "");
  EXPECT_THAT(Fish("retort run ", folder.path()), AllOf(Contains("a.yaml"), Not(Contains("lint"))));
}

TEST(Completion, OtherShellsAreRefused) {
  const Finished finished = RunRetort({"completion", "tcsh"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, ::testing::HasSubstr("tcsh"));
}

TEST(Completion, EveryCommandAndOptionIsInEveryScript) {
  const std::string help = RunRetort({"models", "quantize", "--help"}).out;
  ASSERT_THAT(help, ::testing::HasSubstr("--embedding-type"));
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = RunRetort({"completion", shell}).out;
    for (const char* part : {"quantize", "embedding-type", "q4_k", "perplexity", "lossless", "calibrate"})
      EXPECT_THAT(script, ::testing::HasSubstr(part)) << shell;
  }
}

}  // namespace
}  // namespace retort::testing

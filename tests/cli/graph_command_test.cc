// `retort graph`: that what it draws is well formed, other programs say where they are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kParse = "python3 -c \"import sys, xml.dom.minidom as m; m.parse(sys.argv[1])\" ";

TEST(GraphCommand, DrawsEveryShippedPipelineAsXml) {
  const TemporaryFolder folder;
  const Finished drawn =
      RunShell("for p in pipelines/*.yaml; do set -- $p -o \"" + folder.path() +
                   "/$(basename $p .yaml).svg\"; grep -q '^  store:' $p && set -- \"$@\" -s store=some.store; "
                   "\"$RETORT\" graph \"$@\" || exit 1; done; ls " +
                   folder.path(),
               SourceFolder());
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_THAT(drawn.out, HasSubstr("speculative.svg"));
  const Finished parsed = RunShell("for f in *.svg; do " + std::string(kParse) + "$f || exit 1; done", folder.path());
  EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
  EXPECT_THAT(folder.Read("speculative.svg"), HasSubstr(">verify</text>"));
}

TEST(GraphCommand, TheFormatIsThatOfTheEnding) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  for (const auto& [file, begin] : {std::pair{"p.svg", "<svg "}, {"p.dot", "digraph "}, {"p.mmd", "flowchart LR\n"}}) {
    EXPECT_EQ(RunRetort({"graph", "p.yaml", "--output", file}, "", folder.path()).exit_code, 0);
    EXPECT_TRUE(folder.Read(file).starts_with(begin)) << folder.Read(file);
  }
  EXPECT_TRUE(RunRetort({"graph", "p.yaml", "--format", "dot"}, "", folder.path()).out.starts_with("digraph "));
  EXPECT_TRUE(RunRetort({"graph", "p.yaml"}, "", folder.path()).out.starts_with("<svg "));
  EXPECT_EQ(RunRetort({"graph", "p.yaml", "--format", "png"}, "", folder.path()).exit_code, 2);
}

TEST(GraphCommand, NamesAreNoMarkupInAnyFormat) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", R"(retort: 1
name: '</title><script>alert("1")</script> & ]]> \ "'
models:
  '</text><script>alert("2")</script>': { source: '"<!--' }
stages:
  '<b"\&#;': { uses: read-jsonl, with: { path: in } }
  'w|"]<i`': { uses: write-jsonl, with: { path: out } }
edges:
  - { from: '<b"\&#;', to: 'w|"]<i`' }
)");
  for (const char* format : {"svg", "dot", "mermaid"}) {
    const Finished drawn =
        RunRetort({"graph", "p.yaml", "--format", format, "-o", std::string("p.") + format}, "", folder.path());
    ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  }
  EXPECT_EQ(RunShell(kParse + std::string("p.svg"), folder.path()).exit_code, 0);
  EXPECT_THAT(folder.Read("p.svg"), Not(HasSubstr("<script")));
  EXPECT_THAT(folder.Read("p.mermaid"), Not(HasSubstr("<script")));
  if (RunShell("command -v dot").exit_code != 0) GTEST_SKIP() << "Graphviz is not installed";
  const Finished parsed = RunShell("dot -Tcanon p.dot", folder.path());
  EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
  EXPECT_EQ(parsed.err, "");
}

TEST(GraphCommand, SecretsAreLeftOutAlsoWhereTextIsCut) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", std::string(kCopy) + "models: { m: { source: \"${SECRET:WHERE}\" } }\n");
  const std::string secret = "hidden-beginning-" + std::string(400, 'x') + "-hidden-end";
  for (const char* format : {"svg", "dot", "mermaid"}) {
    const Finished drawn =
        RunRetort({"graph", "p.yaml", "--format", format, "-o", "p"}, "", folder.path(), {{"WHERE", secret}});
    ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
    EXPECT_THAT(folder.Read("p"), HasSubstr("secret")) << format;
    EXPECT_THAT(folder.Read("p"), Not(HasSubstr("hidden"))) << format;
  }
}

TEST(GraphCommand, TwoHundredStagesAndLongNames) {
  std::string text = "retort: 1\nstages:\n", edges = "edges:\n";
  for (int i = 0; i < 200; ++i) {
    const std::string name = "a-stage-whose-name-is-longer-than-any-box-would-like-it-to-be-" + std::to_string(i);
    text += "  " + name +
            ": { uses: " + (i % 2 == 0 ? "read-jsonl, with: { path: in }" : "write-jsonl, with: { path: out }") +
            " }\n";
    if (i % 2 == 1)
      edges += "  - a-stage-whose-name-is-longer-than-any-box-would-like-it-to-be-" + std::to_string(i - 1) + " -> " +
               name + "\n";
  }
  const TemporaryFolder folder;
  folder.Write("p.yaml", text + edges);
  const Finished drawn = RunRetort({"graph", "p.yaml", "-o", "p.svg"}, "", folder.path());
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_EQ(RunShell(kParse + std::string("p.svg"), folder.path()).exit_code, 0);
  EXPECT_THAT(folder.Read("p.svg"), HasSubstr("…"));
}

TEST(GraphCommand, AFaultyPipelineIsRefusedWithItsDiagnostics) {
  const TemporaryFolder folder;
  std::string faulty = kCopy;
  faulty.replace(faulty.find("read-jsonl"), 10, "raed-jsonl");
  folder.Write("p.yaml", faulty);
  folder.Write("p.svg", "earlier");
  const Finished refused = RunRetort({"graph", "p.yaml", "-o", "p.svg"}, "", folder.path());
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, HasSubstr("there is no stage `raed-jsonl`"));
  EXPECT_EQ(folder.Read("p.svg"), "earlier");
  folder.Write("p.yaml", kCopy);
  const Finished nowhere = RunRetort({"graph", "p.yaml", "-o", "no/p.svg"}, "", folder.path());
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("no/p.svg"));
}

}  // namespace
}  // namespace retort::testing

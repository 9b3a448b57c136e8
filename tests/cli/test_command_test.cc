// `retort test`: what it prints, writes and ends with. What tests can say is in tests/graph/testing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTests = R"(tests:
  passes: { input: [{ id: a }, { id: b }], expect: { output: [{ id: a }, { id: b }] } }
  fails: { input: [{ id: a }], expect: { output: [{ id: c }] } }
)";

TEST(TestCommand, RunsTheTestsOfAFileAndSaysHowEachCameOut) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", std::string(kCopy) + kTests);
  const Finished run = RunRetort({"test", "p.yaml", "--junit", "out.xml"}, "", folder.path());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("[==========] Running 2 tests of 1 pipeline.\n[----------] 2 tests of p.yaml\n"));
  EXPECT_THAT(run.out, HasSubstr("[       OK ] copy.passes ("));
  EXPECT_THAT(run.out, HasSubstr("failure: output: record 1 (`a`): `/id`\n  expected: \"c\"\n    actual: \"a\"\n"));
  EXPECT_THAT(run.out,
              HasSubstr("[  PASSED  ] 1 test.\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] copy.fails\n"));
  EXPECT_EQ(RunShell("python3 -c \"import xml.dom.minidom as m; d = m.parse('out.xml'); "
                     "print(len(d.getElementsByTagName('testcase')), len(d.getElementsByTagName('failure')))\"",
                     folder.path())
                .out,
            "2 1\n");
  EXPECT_EQ(RunShell("ls", folder.path()).out, "out.xml\np.yaml\n") << "neither input nor output is touched";
}

TEST(TestCommand, AFilterTakesTestsByTheirName) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", std::string(kCopy) + kTests);
  const Finished passing = RunRetort({"test", "p.yaml", "--filter", "copy.pa*"}, "", folder.path());
  EXPECT_EQ(passing.exit_code, 0) << passing.out;
  EXPECT_THAT(passing.out, Not(HasSubstr("copy.fails")));
  EXPECT_EQ(RunRetort({"test", "p.yaml", "--list"}, "", folder.path()).out.find("copy.passes  p.yaml:"), 0u);
  const Finished none = RunRetort({"test", "p.yaml", "--filter", "other.*"}, "", folder.path());
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--list shows their names"));
}

TEST(TestCommand, AFolderIsSearchedAndNoTestIsAnError) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  EXPECT_THAT(RunRetort({"test", "p.yaml"}, "", folder.path()).err, HasSubstr("no tests: the pipelines have none"));
  EXPECT_EQ(RunRetort({"test", "."}, "", folder.path()).exit_code, 2);
  EXPECT_EQ(RunShell("mkdir -p a/b && cp p.yaml a/b/q.yml && echo 'x: 1' > a/other.yaml", folder.path()).exit_code, 0);
  folder.Write("a/b/q.yml", std::string(kCopy) + kTests);
  const Finished run = RunRetort({"test", ".", "--filter", "*.passes"}, "", folder.path());
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("1 test of ./a/b/q.yml\n"));
}

TEST(TestCommand, AFaultyPipelineIsReportedAndNothingIsRun) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", std::string(kCopy) + "tests: { t: { mocks: { reed: { skip: x } }, expect: { count: 0 } } }\n");
  const Finished run = RunRetort({"test", "p.yaml"}, "", folder.path());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("the pipeline has no stage `reed`"));
  EXPECT_THAT(run.err, HasSubstr("did you mean `read`?"));
}

TEST(TestCommand, TheShippedPipelinesPass) {
  const Finished run = RunRetort({"test", "pipelines"}, "", SourceFolder());
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

}  // namespace
}  // namespace retort::testing

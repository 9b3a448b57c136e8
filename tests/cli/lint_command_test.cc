#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace retort::testing {
namespace {

constexpr const char* kCopy = R"(retort: 1
name: copy
variables: { input: , output: out.jsonl }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  write: { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> write
)";

TEST(Lint, SaysOk) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished finished = RunRetort({"lint", "p.yaml", "-s", "input=a"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_EQ(finished.out, "p.yaml: ok\n");
}

TEST(Lint, WarnsOfVariablesWithoutAValue) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  const Finished finished = RunRetort({"lint", "p.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_NE(finished.out.find("p.yaml:3:14: warning: variable `input` has no value"), std::string::npos)
      << finished.out;
  EXPECT_TRUE(finished.out.ends_with("\n1 warning in 1 file\n")) << finished.out;
}

TEST(Lint, ReportsEveryFaultOfEveryFile) {
  const TemporaryFolder folder;
  std::string faulty = kCopy;
  faulty.replace(faulty.find("read-jsonl"), 10, "raed-jsonl");
  faulty.replace(faulty.find("name: copy"), 10, "naem: copy");
  folder.Write("a.yaml", faulty);
  folder.Write("b.yaml", "retort: 1\n- x\n");
  const Finished finished = RunRetort({"lint", "a.yaml", "b.yaml", "missing.yaml", "-s", "input=a"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.out.find("a.yaml:2:1: error: the pipeline: there is no `naem` here"), std::string::npos)
      << finished.out;
  EXPECT_NE(finished.out.find("did you mean `name`?"), std::string::npos);
  EXPECT_NE(finished.out.find("a.yaml:5:17: error: stage `read`: there is no stage `raed-jsonl`"), std::string::npos);
  EXPECT_NE(finished.out.find("b.yaml:2:"), std::string::npos);
  EXPECT_NE(finished.out.find("\n3 errors in 2 files; `--fix` can put 3 errors right\n"), std::string::npos)
      << finished.out;
  EXPECT_NE(finished.err.find("missing.yaml: cannot be read: No such file"), std::string::npos) << finished.err;
}

TEST(Lint, PrintsJson) {
  const TemporaryFolder folder;
  std::string faulty = kCopy;
  faulty.replace(faulty.find("-> write"), 8, "-> wrte");
  folder.Write("p.yaml", faulty);
  const Finished finished = RunRetort({"lint", "p.yaml", "-s", "input=a", "--format", "json"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  const auto json = nlohmann::json::parse(finished.out);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["line"], 8);
  EXPECT_EQ(json[0]["column"], 13);
  EXPECT_EQ(json[0]["suggestion"], "write");
}

TEST(Lint, RefusesWrongSettings) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  for (const char* setting : {"input", "=a"}) {
    const Finished finished = RunRetort({"lint", "p.yaml", "-s", setting}, "", folder.path());
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_NE(finished.err.find("expected name=value"), std::string::npos) << finished.err;
  }
  const Finished unknown = RunRetort({"lint", "p.yaml", "-s", "inptu=a"}, "", folder.path());
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.out.find("did you mean `input`?"), std::string::npos) << unknown.out;
}

TEST(Lint, FindsValuesThatDoNotGoTogether) {
  std::string text = ReadFile(SourceFolder() + "/pipelines/speculative.yaml");
  text.replace(text.find("rule: lossless"), 14, "rule: greedy");
  const TemporaryFolder folder;
  folder.Write("p.yaml", text);
  EXPECT_EQ(RunRetort({"lint", "p.yaml"}, "", folder.path()).exit_code, 0);
  for (const char* command : {"lint", "plan", "run"}) {
    const Finished finished = RunRetort({command, "p.yaml", "-s", "temperature=0.5"}, "", folder.path());
    EXPECT_EQ(finished.exit_code, 2) << command;
    EXPECT_NE((finished.out + finished.err).find("error: stage `verify`: rule greedy needs temperature 0, got 0.5"),
              std::string::npos)
        << finished.out << finished.err;
  }
}

TEST(Lint, ShippedPipelinesAreRight) {
  const Finished finished = RunShell("\"$RETORT\" lint pipelines/*.yaml", SourceFolder());
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_EQ(finished.out.find(": note:"), std::string::npos) << finished.out;
}

TEST(Lint, HostileFilesAreRefused) {
  const TemporaryFolder folder;
  folder.Write("deep.yaml", std::string(100000, '['));
  const Finished deep = RunRetort({"lint", "deep.yaml"}, "", folder.path());
  EXPECT_EQ(deep.exit_code, 2);
  EXPECT_NE(deep.out.find("nested deeper than 64"), std::string::npos) << deep.out;
  const Finished endless = RunRetort({"lint", "/dev/zero"});
  EXPECT_EQ(endless.exit_code, 2);
  EXPECT_NE(endless.out.find("more than 1048576 bytes"), std::string::npos) << endless.out;
}

}  // namespace
}  // namespace retort::testing

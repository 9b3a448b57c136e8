// `retort run A --against B`.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

TEST(RunAgainst, ComparesTheTexts) {
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

TEST(RunAgainst, TextsThatDifferAreAFailureWhereNoModelRounds) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  std::string other = kCopy;
  other.replace(other.find("\"${input}\""), 10, "other.jsonl");
  other.replace(other.find("input: in.jsonl, "), 17, "");
  folder.Write("q.yaml", other);
  folder.Write("in.jsonl", "{\"id\":\"a\",\"completion\":\"x\"}\n");
  folder.Write("other.jsonl", "{\"id\":\"a\",\"completion\":\"y\"}\n");
  const Finished finished = RunRetort({"run", "p.yaml", "--against", "q.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  EXPECT_NE(finished.err.find("identical texts          0 of 1"), std::string::npos) << finished.err;
}

TEST(RunAgainst, StandardStreamsAreRefusedBeforeAnythingRuns) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("in.jsonl", "{}\n");
  const Finished output = RunRetort({"run", "p.yaml", "--against", "p.yaml", "-s", "output=-"}, "", folder.path());
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err,
            "error: p.yaml: --against needs files, but stage `write` writes standard output (`path: -`); name a file "
            "with -s output=...\n");
  const Finished input = RunRetort({"run", "p.yaml", "--against", "p.yaml", "-s", "input=-"}, "{}\n", folder.path());
  EXPECT_EQ(input.exit_code, 2);
  EXPECT_NE(input.err.find("stage `read` reads standard input"), std::string::npos) << input.err;
}

TEST(RunAgainst, FaultsOfTheSecondPipelineAreFoundBeforeTheFirstRuns) {
  const TemporaryFolder folder;
  folder.Write("p.yaml", kCopy);
  folder.Write("q.yaml", std::string(kCopy) + "edgse: 1\n");
  folder.Write("in.jsonl", "{}\n");
  EXPECT_EQ(RunRetort({"run", "p.yaml", "--against", "q.yaml"}, "", folder.path()).exit_code, 2);
  EXPECT_EQ(folder.Read("out.jsonl"), "");
}

}  // namespace
}  // namespace retort::testing

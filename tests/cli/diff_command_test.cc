#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/copy_pipeline.h"
#include "tests/support/process.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DiffCommand, ShippedPipelinesDifferAsTheyShould) {
  const std::string same = "pipelines/speculative.yaml";
  const Finished equal = RunRetort({"diff", same, same}, "", SourceFolder());
  EXPECT_EQ(equal.exit_code, 0) << equal.out << equal.err;
  EXPECT_EQ(equal.out, same + " and " + same + " mean the same\n");
  const Finished differ = RunRetort({"diff", same, "pipelines/speculative-cascade.yaml"}, "", SourceFolder());
  EXPECT_EQ(differ.exit_code, 1) << differ.err;
  EXPECT_THAT(differ.out, HasSubstr("~ stage `draft`: drafter: \"prompt-lookup\" -> \"cascade\"\n    pipelines/"));
  EXPECT_THAT(differ.out, Not(HasSubstr("temperature")));
  EXPECT_THAT(differ.out, Not(HasSubstr("\033"))) << "a pipe gets no colours";
}

TEST(DiffCommand, PrintsJson) {
  const TemporaryFolder folder;
  folder.Write("a.yaml", kCopy);
  std::string other = kCopy;
  other.replace(other.find("name: copy"), 10, "name: move");
  folder.Write("b.yaml", other);
  const Finished finished = RunRetort({"diff", "a.yaml", "b.yaml", "--format", "json"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 1);
  const auto json = nlohmann::json::parse(finished.out);
  EXPECT_EQ(json["equal"], false);
  ASSERT_EQ(json["differences"].size(), 1u);
  EXPECT_EQ(json["differences"][0]["after"]["value"], "move");
}

TEST(DiffCommand, SettingsGoToThePipelinesThatHaveThem) {
  const std::string a = "pipelines/generate.yaml", b = "pipelines/speculative-model.yaml";
  const Finished finished =
      RunRetort({"diff", a, b, "-s", "drafting=argmax", "-s", "temperature=0.25"}, "", SourceFolder());
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  EXPECT_EQ(finished.err, "") << "only one of them has `drafting`";
  const Finished path = RunRetort({"diff", a, b, "-s", "stages.generate.with.max_tokens=8"}, "", SourceFolder());
  EXPECT_EQ(path.exit_code, 1) << path.err;
  EXPECT_EQ(path.err, "") << "only one of them has the stage";
  const Finished neither = RunRetort({"diff", a, b, "-s", "temprature=0.25"}, "", SourceFolder());
  EXPECT_EQ(neither.exit_code, 2);
  EXPECT_THAT(neither.err, HasSubstr("did you mean `temperature`?"));
}

TEST(DiffCommand, SecretsAreLeftOut) {
  const TemporaryFolder folder;
  std::string secret = kCopy;
  secret.replace(secret.find("path: \"${input}\""), 16, "path: \"${SECRET:WHERE}\"");
  folder.Write("a.yaml", kCopy);
  folder.Write("b.yaml", secret);
  for (const char* format : {"text", "json"}) {
    const Finished finished = RunRetort({"diff", "a.yaml", "b.yaml", "--format", format}, "", folder.path(),
                                        {{"WHERE", "hidden \"place\" of mine"}});
    EXPECT_EQ(finished.exit_code, 1) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("(secret)"));
    EXPECT_THAT(finished.out, Not(HasSubstr("hidden")));
  }
}

TEST(DiffCommand, FaultsOfBothAreReported) {
  const TemporaryFolder folder;
  std::string faulty = kCopy;
  faulty.replace(faulty.find("read-jsonl"), 10, "raed-jsonl");
  folder.Write("a.yaml", faulty);
  folder.Write("b.yaml", "retort: 1\n");
  const Finished finished = RunRetort({"diff", "a.yaml", "b.yaml"}, "", folder.path());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("a.yaml:"));
  EXPECT_THAT(finished.err, HasSubstr("b.yaml:"));
  const Finished missing = RunRetort({"diff", "no.yaml", "neither.yaml"}, "", folder.path());
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("no.yaml"));
  EXPECT_THAT(missing.err, HasSubstr("neither.yaml"));
}

}  // namespace
}  // namespace retort::testing

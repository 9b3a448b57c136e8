// The shipped pipelines and data are what they say.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/pipelines/run_pipeline.h"

namespace retort::testing {
namespace {

TEST(ShippedFiles, PromptsAreManyAndOfSixKinds) {
  const auto records = JsonLines(ReadFile(SourceFolder() + "/pipelines/data/prompts.jsonl"));
  std::map<std::string, int> kinds;
  std::set<std::string> ids;
  for (const Json& record : records) {
    ids.insert(record.at("id").get<std::string>());
    ++kinds[record.at("kind").get<std::string>()];
    EXPECT_NE(record.contains("prompt"), record.contains("messages")) << record;
  }
  EXPECT_GE(records.size(), 60u);
  EXPECT_EQ(ids.size(), records.size()) << "an id occurs twice";
  EXPECT_EQ(kinds.size(), 6u);
  for (const auto& [kind, count] : kinds) EXPECT_GE(count, 10) << kind;
}

TEST(ShippedFiles, PipelinesAreFreeOfFaultsAndTakeTheSameVariables) {
  int pipelines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() + "/pipelines")) {
    if (entry.path().extension() != ".yaml") continue;
    ++pipelines;
    const Finished lint = RunRetort({"lint", entry.path().string()}, "", SourceFolder());
    EXPECT_EQ(lint.exit_code, 0) << entry.path() << "\n" << lint.err;
    std::vector<std::string> arguments = {"lint", entry.path().string()};
    for (const char* variable :
         {"input=a", "output=b", "model=c", "temperature=1", "max_tokens=2", "precision=exact", "seed=3"}) {
      arguments.insert(arguments.end(), {"-s", variable});
    }
    const Finished set = RunRetort(arguments, "", SourceFolder());
    EXPECT_EQ(set.exit_code, 0) << entry.path() << "\n" << set.err;
  }
  EXPECT_GE(pipelines, 2);
}

}  // namespace
}  // namespace retort::testing

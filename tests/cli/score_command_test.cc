// `retort score` on files of tasks and completions.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace retort::testing {
namespace {

class Score : public ::testing::Test {
 protected:
  Score() {
    std::string tasks;
    for (const char* id : {"a", "b", "c", "d"}) {
      tasks += std::string(R"({"id": ")") + id + R"(", "kind": ")" + (id[0] < 'c' ? "first" : "second") +
               R"(", "prompt": "p", "answer": "yes", "check": "first_word", "max_tokens": 2})" + "\n";
    }
    folder_.Write("tasks.jsonl", tasks);
  }
  void WriteOutput(const std::string& name, const std::vector<std::pair<std::string, std::string>>& completions) {
    std::string text;
    for (const auto& [id, completion] : completions)
      text += nlohmann::json{{"id", id}, {"completion", completion}}.dump() + "\n";
    folder_.Write(name, text);
  }
  Finished Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"score", "tasks.jsonl"});
    return RunRetort(arguments, "", folder_.path());
  }
  TemporaryFolder folder_;
};

TEST_F(Score, GivesAccuracyByKind) {
  WriteOutput("out.jsonl", {{"d", "Yes."}, {"a", " yes\nno"}, {"b", "no"}});
  const Finished finished = Run({"out.jsonl", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto json = nlohmann::json::parse(finished.out);
  EXPECT_EQ(json["tasks"], 4);
  EXPECT_EQ(json["without_completion"], 1);
  EXPECT_EQ(json["kinds"]["first"]["passed"], 1);
  EXPECT_EQ(json["kinds"]["second"]["accuracy"], 0.5);
  EXPECT_EQ(json["accuracy"]["value"], 0.5);
  EXPECT_FALSE(json.contains("recovery"));
  const Finished text = Run({"out.jsonl"});
  EXPECT_NE(text.out.find("first                0.500  1 of 2\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("1 tasks have no completion"), std::string::npos) << text.out;
}

TEST_F(Score, GivesTheRecoveryOfThreeOutputs) {
  WriteOutput("full.jsonl", {{"a", "yes"}, {"b", "yes"}, {"c", "yes"}, {"d", "yes"}});
  WriteOutput("sparse.jsonl", {{"a", "no"}, {"b", "no"}, {"c", "no"}, {"d", "no"}});
  WriteOutput("corrected.jsonl", {{"a", "yes"}, {"b", "yes"}, {"c", "yes"}, {"d", "no"}});
  const Finished finished = Run({"full.jsonl", "--sparse", "sparse.jsonl", "--corrected", "corrected.jsonl", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto json = nlohmann::json::parse(finished.out);
  EXPECT_EQ(json["recovery"]["value"], 0.75);
  EXPECT_EQ(json["recovery"]["high"], 1);
  EXPECT_EQ(json["accuracy_sparse"]["value"], 0);
  EXPECT_EQ(json["missing"]["value"], 0.25);
  const Finished without = Run({"full.jsonl", "--sparse", "full.jsonl", "--corrected", "full.jsonl"});
  EXPECT_NE(without.out.find("none: the full model is not above"), std::string::npos) << without.out;
}

TEST_F(Score, RefusesWhatDoesNotBelongTogether) {
  WriteOutput("other.jsonl", {{"x", "yes"}});
  WriteOutput("twice.jsonl", {{"a", "yes"}, {"a", "no"}});
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"other.jsonl"}, "other.jsonl: has no completion of any of the tasks"},
      {{"twice.jsonl"}, "twice.jsonl: task a has 2 completions"},
      {{"none.jsonl"}, "none.jsonl: cannot be read"},
      {{"tasks.jsonl"}, "tasks.jsonl:1: expected an object with the text field `completion`"},
      {{"twice.jsonl", "--sparse", "twice.jsonl"}, "--corrected"},
      {{"twice.jsonl", "--resamples", "0"}, "--resamples"}};
  for (const auto& [arguments, message] : cases) {
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.exit_code, 2) << message;
    EXPECT_NE(finished.err.find(message), std::string::npos) << finished.err;
  }
}

}  // namespace
}  // namespace retort::testing

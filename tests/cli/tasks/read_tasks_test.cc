// Files of tasks: the shipped one, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

using retort::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kGood =
    R"({"id": "a", "kind": "k", "prompt": "1 + 1 =", "answer": "2", "check": "number", "max_tokens": 4})";

Status ErrorOf(const std::string& line) {
  const TemporaryFolder folder;
  const auto tasks = ReadTasks(folder.Write("t.jsonl", std::string(kGood) + "\n\n" + line + "\n"));
  return tasks.ok() ? Status() : tasks.status();
}

TEST(ReadTasks, ReadsPromptsChatsAndLists) {
  const TemporaryFolder folder;
  const auto good = ReadTasks(
      folder.Write("u.jsonl", std::string(kGood) + "\r\n \n" +
                                  R"({"id": "b", "kind": "c", "messages": [{"role": "user", "content": "Hi"}],)" +
                                  R"( "answer": ["x", "y z"], "check": "contains", "max_tokens": 9, "note": 1})"));
  ASSERT_TRUE(good.ok()) << good.status().ToString();
  ASSERT_EQ(good->size(), 2u);
  EXPECT_EQ((*good)[0].prompt, "1 + 1 =");
  EXPECT_EQ((*good)[0].check, TaskCheck::kNumber);
  EXPECT_EQ((*good)[0].max_tokens, 4);
  EXPECT_THAT((*good)[0].answers, ElementsAre("2"));
  EXPECT_EQ((*good)[1].kind, "c");
  ASSERT_EQ((*good)[1].messages.size(), 1u);
  EXPECT_EQ((*good)[1].messages[0].content, "Hi");
  EXPECT_THAT((*good)[1].answers, ElementsAre("x", "y z"));
}

TEST(ReadTasks, SaysWhereAndWhatOfABadLine) {
  const auto with = [](std::string from, const std::string& to) {
    std::string line = R"({"id": "b", "kind": "k", "prompt": "p", "answer": "2", "check": "exact", "max_tokens": 4})";
    const size_t at = line.find(from);
    EXPECT_NE(at, line.npos) << from;
    return line.replace(at, from.size(), to);
  };
  const std::pair<std::string, const char*> cases[] = {
      {"[1]", "expected a JSON object, got array"},
      {"{\"id\":", "no JSON"},
      {with("\"b\"", "\"a\""), "the id a stands in line 1 too"},
      {with("\"b\"", "7"), "`id`: expected a text, got 7"},
      {with("\"kind\": \"k\", ", ""), "`kind`: expected a text, got nothing"},
      {with("\"prompt\": \"p\", ", ""), "expected either `prompt` (a text) or `messages`"},
      {with("\"prompt\"", "\"messages\": [], \"prompt\""), "got both"},
      {with("\"prompt\": \"p\"", "\"messages\": [{\"role\": \"user\"}]"),
       "`messages`: expected a list of {role, content}"},
      {with("\"exact\"", "\"equal\""), "`check`: expected one of exact, prefix"},
      {with("\"2\"", "[\"2\"]"), "`answer`: expected a text (or, with `check: contains`"},
      {with("\"2\"", "\"\""), "`answer`: expected a text, got \"\""},
      {with("\"2\", \"check\": \"exact\"", "\"two\", \"check\": \"number\""),
       "`answer`: expected a number, got \"two\""},
      {with("\"2\", \"check\": \"exact\"", "[\"x\", 3], \"check\": \"contains\""),
       "`answer`: expected a list of texts"},
      {with("4}", "0}"), "`max_tokens`: expected a whole number of at least 1, got 0"},
      {with("4}", "-4}"), "got -4"},
      {with("4}", "4.5}"), "got 4.5"},
      {with("4}", "9999999999}"), "got 9999999999"},
  };
  for (const auto& [line, message] : cases) {
    const Status status = ErrorOf(line);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(status.message(), HasSubstr("t.jsonl:3: ")) << line;
    EXPECT_THAT(status.message(), HasSubstr(message)) << line;
  }
}

TEST(ReadTasks, RefusesNoFileAndNoTask) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadTasks(folder.path() + "/none").status().code(), StatusCode::kNotFound);
  const auto none = ReadTasks(folder.Write("t.jsonl", "\n \n"));
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.status().message(), HasSubstr("expected at least one task"));
}

TEST(ReadTasks, TheAnswersOfTheShippedTasksPassTheirOwnChecks) {
  const auto tasks = ReadTasks(RETORT_SOURCE_DIR "/pipelines/data/tasks.jsonl");
  ASSERT_TRUE(tasks.ok()) << tasks.status().ToString();
  EXPECT_GE(tasks->size(), 500u);
  for (const Task& task : *tasks) {
    std::string text;
    for (const std::string& answer : task.answers) text += answer + " ";
    EXPECT_TRUE(Passes(task, " " + text + "\nInput: 1")) << task.id;
    EXPECT_FALSE(Passes(task, "something else")) << task.id;
  }
}

}  // namespace
}  // namespace retort::cli

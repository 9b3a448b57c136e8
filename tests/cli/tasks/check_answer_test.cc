// What passes a task's check, and what does not.
#include <gtest/gtest.h>

#include "tools/cli/tasks/number_text.h"
#include "tools/cli/tasks/task.h"

namespace retort::cli {
namespace {

bool Passing(TaskCheck check, std::vector<std::string> answers, std::string_view completion) {
  Task task;
  task.answers = std::move(answers);
  task.check = check;
  return Passes(task, completion);
}

TEST(CheckAnswer, ExactIsTheFirstLineThatIsNotBlank) {
  const auto passes = [](std::string_view completion) { return Passing(TaskCheck::kExact, {"a, b"}, completion); };
  EXPECT_TRUE(passes("a, b"));
  EXPECT_TRUE(passes(" a, b \nInput: c"));
  EXPECT_TRUE(passes("\n\r\n a, b\r\n"));
  EXPECT_FALSE(passes("a, b."));
  EXPECT_FALSE(passes("A, b"));
  EXPECT_FALSE(passes("a,  b"));
  EXPECT_FALSE(passes("c\na, b"));
  EXPECT_FALSE(passes(""));
  EXPECT_FALSE(passes(" \n\t"));
}

TEST(CheckAnswer, PrefixEndsWhereAWordOrNumberEnds) {
  const auto passes = [](std::string_view completion) { return Passing(TaskCheck::kPrefix, {"7, 8"}, completion); };
  EXPECT_TRUE(passes("7, 8"));
  EXPECT_TRUE(passes(" 7, 8, 9, 11"));
  EXPECT_FALSE(passes("7, 80"));
  EXPECT_FALSE(passes("7,"));
  EXPECT_FALSE(passes("6, 7, 8"));
  EXPECT_FALSE(passes("7\n, 8"));
}

TEST(CheckAnswer, ContainsWantsAllAnswersAsWholeWordsAnywhere) {
  const auto passes = [](std::string_view completion) {
    return Passing(TaskCheck::kContains, {"Tom", "red box"}, completion);
  };
  EXPECT_TRUE(passes("Here it is:\n\nThe Red Box of tom."));
  EXPECT_TRUE(passes("tomato? TOM: \"red box\""));
  EXPECT_FALSE(passes("The red box of Tomas."));
  EXPECT_FALSE(passes("Tom has a red boxer."));
  EXPECT_FALSE(passes("Tom has a red, big box."));
  EXPECT_FALSE(passes("Tom"));
  EXPECT_FALSE(passes(""));
}

TEST(CheckAnswer, NumberIsTheLastOfTheLineByItsValue) {
  const auto passes = [](std::string_view completion) { return Passing(TaskCheck::kNumber, {"1200"}, completion); };
  EXPECT_TRUE(passes("1200"));
  EXPECT_TRUE(passes("It is 700 + 500 = 1,200.0 apples.\n3"));
  EXPECT_FALSE(passes("-1200"));
  EXPECT_FALSE(passes("1200 of 1300"));
  EXPECT_FALSE(passes("many"));
  EXPECT_TRUE(Passing(TaskCheck::kNumber, {"Tom has 2 + 3 = 5 coins."}, "5"));
}

TEST(CheckAnswer, FirstWordLeavesMarksAndCaseOut) {
  const auto passes = [](std::string_view completion) {
    return Passing(TaskCheck::kFirstWord, {"positive"}, completion);
  };
  EXPECT_TRUE(passes(" **Positive**, since it was good"));
  EXPECT_TRUE(passes("\npositive\nnegative"));
  EXPECT_FALSE(passes("positively"));
  EXPECT_FALSE(passes("not positive"));
  EXPECT_FALSE(passes("..."));
}

TEST(NumberText, FindsTheLastNumber) {
  const std::pair<const char*, double> cases[] = {
      {"7 - 5 = -2.", -2}, {"3-4", 4},        {"1,250.5 km", 1250.5},  {"12,34", 34},
      {"1,2345", 2345},    {"x-3", 3},        {"0012 apples", 12},     {"3.", 3},
      {"-8", -8},          {"1234,567", 567}, {"a 1,234,567", 1234567}};
  for (const auto& [text, value] : cases) EXPECT_EQ(LastNumber(text), value) << text;
  EXPECT_EQ(LastNumber("no, none"), std::nullopt);
  EXPECT_EQ(LastNumber(""), std::nullopt);
}

}  // namespace
}  // namespace retort::cli

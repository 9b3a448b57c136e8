// Answers that no stage in order sends are refused as a whole, whatever their bytes are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <random>

#include "core/plugin/isolation/messages.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

constexpr AnswerBounds kBounds{.given = 2, .want = 3, .outputs = 2};

Answer Good() {
  Answer answer;
  answer.status = DataLoss("half of it");
  answer.end = true;
  answer.made = {{.line = 4, .bytes = 9, .id = "x", .line_text = "?"}};
  answer.outcomes = {{.way = Answer::Way::kEmit, .record = 1, .port = 1},
                     {.way = Answer::Way::kFail, .record = 2, .code = StatusCode::kNotFound, .text = "no tea"},
                     {.way = Answer::Way::kSkip, .record = 0, .text = "not now"}};
  answer.changed = {{.record = 1, .text = R"({"a":1.5})"}};
  answer.counts = {{"seen", 2}};
  answer.samples = {{"length", 7}, {"length", 8}};
  return answer;
}

TEST(Answer, ComesBackAsItWent) {
  const auto answer = DecodeAnswer(EncodeAnswer(Good()), kBounds);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(answer->status.ToString(), "data_loss: half of it");
  EXPECT_TRUE(answer->end);
  EXPECT_EQ(answer->made.at(0).line_text, "?");
  EXPECT_EQ(answer->outcomes.at(1).text, "no tea");
  EXPECT_EQ(answer->outcomes.at(1).code, StatusCode::kNotFound);
  EXPECT_EQ(answer->outcomes.at(0).port, 1u);
  EXPECT_EQ(answer->changed.at(0).json, nlohmann::ordered_json({{"a", 1.5}}));
  EXPECT_EQ(answer->counts.at("seen"), 2);
  EXPECT_EQ(answer->samples.at(1).second, 8);
}

struct Lie {
  const char* name;
  const char* cause;
  std::function<void(Answer&)> tell;
};
void PrintTo(const Lie& lie, std::ostream* out) { *out << lie.name; }

class LyingAnswer : public ::testing::TestWithParam<Lie> {};

TEST_P(LyingAnswer, IsRefused) {
  Answer answer = Good();
  GetParam().tell(answer);
  const auto read = DecodeAnswer(EncodeAnswer(answer), kBounds);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().code(), StatusCode::kInternal);
  EXPECT_THAT(read.status().message(), HasSubstr(GetParam().cause));
}

INSTANTIATE_TEST_SUITE_P(
    All, LyingAnswer,
    ::testing::Values(
        Lie{"Twice", "a record that is not in the call, or went before", [](Answer& a) { a.outcomes[1].record = 1; }},
        Lie{"Unknown", "a record that is not in the call", [](Answer& a) { a.outcomes[1].record = 3; }},
        Lie{"Port", "output port 2 of 2", [](Answer& a) { a.outcomes[0].port = 2; }},
        Lie{"Way", "a way that there is not", [](Answer& a) { a.outcomes[0].way = Answer::Way{9}; }},
        Lie{"Code", "there is no status 77", [](Answer& a) { a.outcomes[1].code = StatusCode{77}; }},
        Lie{"Many", "more records made than were wanted", [](Answer& a) { a.made.resize(4); }},
        Lie{"List", "no record of the call", [](Answer& a) { a.changed[0].text = "[1]"; }},
        Lie{"Text", "a record: not JSON", [](Answer& a) { a.changed[0].text = "{"; }},
        Lie{"Deep", "nested deeper than 256", [](Answer& a) { a.changed[0].text = std::string(1 << 20, '['); }},
        Lie{"Utf8", "invalid UTF-8", [](Answer& a) { a.changed[0].text = "{\"a\":\"\xFF\"}"; }},
        Lie{"Other", "no record of the call", [](Answer& a) { a.changed[0].record = 3; }}),
    [](const auto& test) { return test.param.name; });

TEST(Answer, EveryBeginningAndEveryTailIsRefused) {
  const std::string bytes = EncodeAnswer(Good());
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(DecodeAnswer(bytes.substr(0, length), kBounds).ok()) << length;
  EXPECT_FALSE(DecodeAnswer(bytes + '\0', kBounds).ok());
}

TEST(Answer, ChangedBytesAreReadWithinBounds) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same each time
  const std::string good = EncodeAnswer(Good());
  int taken = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 1 + round % 4; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? 0xFF : random() % 256);
    const auto answer = DecodeAnswer(bytes, kBounds);
    if (!answer.ok()) continue;
    ++taken;
    ASSERT_LE(answer->made.size(), kBounds.want);
    for (const Answer::Outcome& outcome : answer->outcomes) ASSERT_LT(outcome.record, 2 + answer->made.size());
    for (const Answer::Changed& changed : answer->changed) ASSERT_TRUE(changed.json.is_object());
  }
  EXPECT_GT(taken, 0) << "changes within texts and numbers are no lies";
}

}  // namespace
}  // namespace retort

#include "core/plugin/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace retort {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Status Parse(std::string_view text, Record& record) { return ParseRecord(text, 7, record); }

TEST(ParseRecord, TakesTheIdFromTheField) {
  Record record;
  ASSERT_TRUE(Parse(R"({"id": "a-1", "prompt": "hé"})", record).ok());
  EXPECT_EQ(record.id, "a-1");
  EXPECT_EQ(record.line, 7u);
  EXPECT_EQ(record.json["prompt"], "hé");
  EXPECT_EQ(record.bytes, std::string(R"({"id": "a-1", "prompt": "hé"})").size());
}

TEST(ParseRecord, TakesNumbersAsIds) {
  Record record;
  ASSERT_TRUE(Parse(R"({"id": 42})", record).ok());
  EXPECT_EQ(record.id, "42");
  ASSERT_TRUE(Parse(R"({"id": -1.5})", record).ok());
  EXPECT_EQ(record.id, "-1.5");
}

TEST(ParseRecord, NumbersTheLineWhereTheIdIsNone) {
  for (const char* text : {R"({})", R"({"id": null})", R"({"id": ""})", R"({"id": ["x"]})", R"({"id": true})"}) {
    Record record;
    ASSERT_TRUE(Parse(text, record).ok()) << text;
    EXPECT_EQ(record.id, "7") << text;
  }
}

TEST(ParseRecord, KeepsTheOrderOfFields) {
  Record record;
  ASSERT_TRUE(Parse(R"({"z": 1, "a": 2, "m": 3})", record).ok());
  EXPECT_EQ(record.json.dump(), R"({"z":1,"a":2,"m":3})");
}

TEST(ParseRecord, RefusesWhatIsNotJson) {
  Record record;
  const Status status = Parse(R"({"a": 1,})", record);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("line 7: not JSON at column 9"), HasSubstr("unexpected '}'"),
                                      HasSubstr("write one JSON object on each line")));
  EXPECT_EQ(record.id, "7");
  EXPECT_EQ(record.bytes, 9u);
  EXPECT_TRUE(record.json.is_null());
}

TEST(ParseRecord, RefusesHalfALine) {
  const std::string whole = R"({"id": "x", "list": [1, {"deep": "te\u00e9xt"}], "n": -1.5e3})";
  for (size_t length = 0; length < whole.size(); ++length) {
    Record record;
    const Status status = Parse(whole.substr(0, length), record);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << length;
    EXPECT_THAT(status.message(), HasSubstr("column " + std::to_string(length + 1))) << length;
  }
  Record record;
  EXPECT_TRUE(Parse(whole, record).ok());
}

TEST(ParseRecord, RefusesWhatIsNoObject) {
  for (const auto& [text, type] :
       std::map<std::string, std::string>{{"[1]", "array"}, {"3", "number"}, {"\"x\"", "string"}, {"null", "null"}}) {
    Record record;
    const Status status = Parse(text, record);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("expected a JSON object, got " + type)) << text;
  }
}

TEST(ParseRecord, RefusesInvalidUtf8) {
  for (const char* bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\xaf"}) {
    Record record;
    const Status status = Parse(std::string("{\"a\":\"") + bad + "\"}", record);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("invalid UTF-8 at column 7"));
  }
}

TEST(ParseRecord, RefusesDeepNestingAndTakesShallow) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<size_t>(depth - 1), '[') +
           std::string(static_cast<size_t>(depth - 1), ']') + "}";
  };
  Record record;
  EXPECT_TRUE(Parse(nested(256), record).ok());
  const Status status = Parse(nested(257), record);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("nested deeper than 256 at column 261"));
  EXPECT_FALSE(Parse("{\"a\":" + std::string(1'000'000, '['), record).ok());
  EXPECT_TRUE(Parse("{\"a\":\"" + std::string(1000, '[') + "\\\"[\"}", record).ok())
      << "brackets in a string do not nest";
}

TEST(ParseRecord, TakesALineOfAMegabyte) {
  Record record;
  const std::string text = "{\"prompt\": \"" + std::string(1 << 20, 'x') + "\"}";
  ASSERT_TRUE(Parse(text, record).ok());
  EXPECT_EQ(record.json["prompt"].get<std::string>().size(), size_t{1} << 20);
}

TEST(ParseRecord, RefusesNumbersOutOfRange) {
  Record record;
  EXPECT_EQ(Parse(R"({"a": 1e999})", record).code(), StatusCode::kInvalidArgument);
  for (const char* number : {"18446744073709551616", "-9223372036854775809", "[1, 100000000000000000000]"}) {
    const Status status = Parse(std::string("{\"a\": ") + number + "}", record);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << number;
    EXPECT_THAT(status.message(), HasSubstr("a whole number beyond 64 bits at column")) << number;
  }
}

TEST(ParseRecord, TakesNumbersUpToTheRange) {
  Record record;
  ASSERT_TRUE(
      Parse(R"({"a": [18446744073709551615, -9223372036854775808, 1e20, 100000000000000000000.5]})", record).ok());
  EXPECT_EQ(record.json["a"][0].dump(), "18446744073709551615");
  EXPECT_EQ(record.json["a"][1].dump(), "-9223372036854775808");
  EXPECT_TRUE(Parse(R"({"a": "18446744073709551616", "b": "\\", "c": "\"18446744073709551616"})", record).ok());
}

TEST(ParseRecord, KeepsTheTextOfALineThatIsNoRecord) {
  Record record;
  EXPECT_FALSE(Parse("not json", record).ok());
  EXPECT_EQ(record.line_text, "not json");
  EXPECT_FALSE(Parse("[1]", record).ok());
  EXPECT_EQ(record.line_text, "[1]");
  EXPECT_FALSE(Parse(std::string(3 << 20, 'x'), record).ok());
  EXPECT_EQ(record.line_text.size(), size_t{1} << 20);
  EXPECT_TRUE(Parse("{}", record).ok());
  EXPECT_EQ(record.line_text, "");
}

TEST(Record, DestroysAttachmentsOnceAndWhenReplaced) {
  static int destroyed = 0;
  destroyed = 0;
  int object = 0;
  {
    Record record;
    record.Attach("a", &object, [](void*) { ++destroyed; });
    EXPECT_EQ(record.Attachment("a"), &object);
    EXPECT_EQ(record.Attachment("b"), nullptr);
    record.Attach("a", &object, [](void*) { ++destroyed; });
    EXPECT_EQ(destroyed, 1);
    record.Attach("b", &object, nullptr);
    record.ReleasePayloads();
    EXPECT_EQ(destroyed, 2);
    EXPECT_EQ(record.Attachment("a"), nullptr);
  }
  EXPECT_EQ(destroyed, 2);
}

}  // namespace
}  // namespace retort

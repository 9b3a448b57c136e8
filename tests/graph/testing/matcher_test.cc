#include "core/graph/testing/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/testing/yaml_value.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

/// "" where the value suits, "NOT: pointer: expected" where not, "FAULT: line:column: message" where the text is wrong.
std::string Try(const std::string& matcher, const char* value) {
  const SourceText source("m.yaml", matcher);
  Diagnostics diagnostics("m.yaml");
  const YamlNodePtr root = ParseYaml(source, diagnostics);
  const auto read = root == nullptr ? std::nullopt : Matcher::Read(*root, "x", diagnostics);
  const auto faults = diagnostics.Sorted();
  if (!faults.empty()) {
    const Place place = faults[0].place;
    return "FAULT: " + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + faults[0].message;
  }
  const Json json = value == nullptr ? Json() : Json::parse(value);
  const auto mismatch = read->Check(value == nullptr ? nullptr : &json);
  return mismatch ? "NOT: " + mismatch->pointer + ": " + mismatch->expected : "";
}

struct Case {
  const char* matcher;
  const char* holds;  // JSON; null: no such field
  const char* fails;
};

TEST(Matcher, EveryConditionHoldsForOneValueAndNotForAnother) {
  const std::vector<Case> cases = {
      {"5", "5.0", "6"},
      {"'5'", "\"5\"", "5"},
      {"null", "null", "0"},
      {"true", "true", "\"true\""},
      {"[1, two]", "[1, \"two\"]", "[\"two\", 1]"},
      {"{ equals: { a: 1, b: [2] } }", R"({"b": [2], "a": 1})", R"({"a": 1})"},
      {"{ equals: {} }", "{}", "[]"},
      {"{ not: 5 }", "6", "5"},
      {"{ not: 5 }", nullptr, "5"},
      {"{ not: { contains: x } }", "\"y\"", "\"xx\""},
      {"{ contains: ar }", "\"Paris\"", "\"Rome\""},
      {"{ contains: { a: 1 } }", R"([{"a": 1.0}])", R"([{"a": 2}])"},
      {"{ contains: '1' }", "[\"1\"]", "[1]"},
      {"{ starts_with: Pa }", "\"Paris\"", "\"aPa\""},
      {"{ ends_with: is }", "\"Paris\"", "\"isa\""},
      {"{ matches: '^P.r\\p{L}+$' }", "\"P\u00e4ris\"", "\"P\u00e4r1s\""},
      {"{ matches: a }", "\"bab\"", "7"},
      {"{ type: integer }", "7", "7.5"},
      {"{ type: number }", "7.5", "\"7.5\""},
      {"{ type: object }", "{}", "[]"},
      {"{ type: 'null' }", "null", nullptr},
      {"{ exists: true }", "null", nullptr},
      {"{ exists: false }", nullptr, "0"},
      {"{ greater_than: 3 }", "3.001", "3"},
      {"{ at_least: 3 }", "3", "2.999"},
      {"{ less_than: 3 }", "-1", "3"},
      {"{ at_most: 3 }", "3", "\"3\""},
      {"{ near: [1.5, 0.25] }", "1.75", "1.7501"},
      {"{ length: 3 }", "\"\u00e4\u00f6\u00fc\"", "\"ab\""},
      {"{ length: { at_most: 1 } }", R"({"a": 1})", "[1, 2]"},
      {"{ length: 0 }", "[]", "0"},
      {"{ one_of: [1, two, { a: 1 }] }", R"({"a": 1})", "2"},
      {"{ each: { at_least: 2 } }", "[2, 3]", "[2, 1]"},
      {"{ each: 1 }", "[]", "1"},
      {"{ at_least: 2, at_most: 4 }", "4", "5"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Try(c.matcher, c.holds), "") << c.matcher;
    EXPECT_THAT(Try(c.matcher, c.fails), ::testing::StartsWith("NOT: ")) << c.matcher;
  }
  EXPECT_GE(cases.size(), Matcher::Kinds().size());
  for (const auto& kind : Matcher::Kinds()) {
    const auto names_it = [&](const Case& c) { return std::string(c.matcher).find(kind.name) != std::string::npos; };
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), names_it)) << kind.name;
  }
}

TEST(Matcher, SaysWhereAndWhatWasExpected) {
  EXPECT_EQ(Try("{ each: { each: { less_than: 3 } } }", "[[1], [2, 5]]"), "NOT: /1/1: less than 3");
  EXPECT_EQ(Try("{ length: { at_least: 2, not: 5 } }", "\"a\""), "NOT: : a length of at least 2, and not 5");
  EXPECT_EQ(Try("{ matches: a+b }", "\"x\""), "NOT: : text in which `a+b` is found");
}

TEST(Matcher, FaultsHaveTheirPlace) {
  EXPECT_EQ(Try("{ containz: x }", "1"), "FAULT: 1:3: x: there is no condition `containz`");
  EXPECT_EQ(Try("{}", "1"), "FAULT: 1:1: x has no condition");
  EXPECT_EQ(Try("{ at_least: three }", "1"), "FAULT: 1:13: x: `at_least` is `three`");
  EXPECT_EQ(Try("{ near: [1, -2] }", "1"), "FAULT: 1:9: x: `near` is a list");
  EXPECT_EQ(Try("{ type: text }", "1"), "FAULT: 1:9: x: `type` is `text`");
  EXPECT_EQ(Try("{ exists: }", "1"), "FAULT: 1:3: x: `exists` is nothing");
  EXPECT_EQ(Try("{ one_of: [] }", "1"), "FAULT: 1:11: x: `one_of` is a list");
  EXPECT_EQ(Try("{ each: { length: { contain: 1 } } }", "1"),
            "FAULT: 1:21: x: `each`: `length`: there is no condition `contain`");
  EXPECT_THAT(Try("{ matches: '(' }", "1"), HasSubstr("FAULT: 1:12: x: `(` is no regular expression: missing closing"));
}

TEST(Matcher, AHostileExpressionEndsSoon) {
  const std::string text = "\"" + std::string(50000, 'a') + "\"";
  EXPECT_THAT(Try("{ matches: '^(a+)+$|b' }", (text.substr(0, text.size() - 1) + "!\"").c_str()),
              ::testing::StartsWith("NOT: "));
}

TEST(YamlValue, PlainTextIsWhatItLooksLike) {
  const SourceText source("v.yaml", "[1, 1.5, -2e3, true, null, ~, , text, '1', \"true\", 1_000, 0x10, {a: [b]}, '']");
  Diagnostics diagnostics("v.yaml");
  EXPECT_EQ(JsonOf(*ParseYaml(source, diagnostics)).dump(),
            R"([1,1.5,-2000.0,true,null,null,null,"text","1","true","1_000","0x10",{"a":["b"]},""])");
}

}  // namespace
}  // namespace retort

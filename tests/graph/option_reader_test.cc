#include "core/graph/option_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/graph/payload.h"

namespace retort {
namespace {

OptionSpec Spec(retort_option_type type, double minimum = NAN, double maximum = NAN, std::string unit = "") {
  OptionSpec spec;
  spec.name = "option";
  spec.type = type;
  spec.minimum = minimum;
  spec.maximum = maximum;
  spec.unit = std::move(unit);
  return spec;
}

TEST(ParseOptionText, ReadsEachType) {
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_BOOL), "true"), OptionValue(true));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_BOOL), "False"), OptionValue(false));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_INT), "-12"), OptionValue(int64_t{-12}));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_INT), "+9223372036854775807"),
            OptionValue(int64_t{9223372036854775807}));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_FLOAT), "1e-3"), OptionValue(0.001));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_FLOAT), "7"), OptionValue(7.0));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_STRING), "7"), OptionValue(std::string("7")));
  EXPECT_EQ(*ParseOptionText(Spec(RETORT_OPTION_STRING_LIST), "one"), OptionValue(std::vector<std::string>{"one"}));
}

TEST(ParseOptionText, RefusesWhatIsNotOfTheType) {
  for (const char* text : {"", " 1", "1 ", "1.0", "0x10", "1e3", "ten", "9223372036854775808", "--1", "+-1"}) {
    EXPECT_FALSE(ParseOptionText(Spec(RETORT_OPTION_INT), text).ok()) << text;
  }
  for (const char* text : {"", "inf", "-inf", "nan", "1e999", "1,5", "1.0f", "."}) {
    EXPECT_FALSE(ParseOptionText(Spec(RETORT_OPTION_FLOAT), text).ok()) << text;
  }
  for (const char* text : {"", "yes", "on", "1", "tRUE"})
    EXPECT_FALSE(ParseOptionText(Spec(RETORT_OPTION_BOOL), text).ok()) << text;
}

TEST(ParseOptionText, HoldsToInclusiveBounds) {
  const OptionSpec spec = Spec(RETORT_OPTION_FLOAT, 0, 2);
  EXPECT_TRUE(ParseOptionText(spec, "0").ok());
  EXPECT_TRUE(ParseOptionText(spec, "2").ok());
  EXPECT_FALSE(ParseOptionText(spec, "-0.001").ok());
  EXPECT_FALSE(ParseOptionText(spec, "2.001").ok());
}

TEST(ExpectedValue, NamesRangeAndUnit) {
  EXPECT_EQ(ExpectedValue(Spec(RETORT_OPTION_INT, 1, 64, "tokens")), "a whole number from 1 to 64 tokens");
  EXPECT_EQ(ExpectedValue(Spec(RETORT_OPTION_INT, 0, NAN, "bytes")), "a whole number of at least 0 bytes");
  EXPECT_EQ(ExpectedValue(Spec(RETORT_OPTION_FLOAT, NAN, 1)), "a number of at most 1");
  EXPECT_EQ(ExpectedValue(Spec(RETORT_OPTION_FLOAT, NAN, NAN, "seconds")), "a number of seconds");
  EXPECT_EQ(ExpectedValue(Spec(RETORT_OPTION_BOOL)), "true or false");
}

TEST(DefaultOptionValue, ReadsAFlowListForLists) {
  OptionSpec spec = Spec(RETORT_OPTION_STRING_LIST);
  EXPECT_EQ(*DefaultOptionValue(spec), OptionValue(std::vector<std::string>{}));
  spec.default_value = R"([a, "b, c", "\n"])";
  EXPECT_EQ(*DefaultOptionValue(spec), OptionValue(std::vector<std::string>{"a", "b, c", "\n"}));
  spec.default_value = "a";
  EXPECT_FALSE(DefaultOptionValue(spec).ok());
}

TEST(PayloadIs, FollowsTheLineOfTypes) {
  EXPECT_TRUE(PayloadIs("draft:point-mass", "draft:point-mass"));
  EXPECT_TRUE(PayloadIs("draft:point-mass", "draft:sampled"));
  EXPECT_TRUE(PayloadIs("draft:point-mass", "draft:tree"));
  EXPECT_TRUE(PayloadIs("draft:sampled", "draft:tree"));
  EXPECT_TRUE(PayloadIs("draft:tree", "draft"));
  EXPECT_TRUE(PayloadIs("draft:point-mass", "draft"));
  EXPECT_TRUE(PayloadIs("draft:point-mass", "sequence"));
  EXPECT_TRUE(PayloadIs("draft", "record"));
  EXPECT_TRUE(PayloadIs("score", "record"));
  EXPECT_FALSE(PayloadIs("draft", "draft:point-mass"));
  EXPECT_FALSE(PayloadIs("draft:sampled", "draft:point-mass"));
  EXPECT_FALSE(PayloadIs("draft:tree", "draft:sampled"));
  EXPECT_FALSE(PayloadIs("draft:other", "draft:tree"));
  EXPECT_FALSE(PayloadIs("record", "sequence"));
  EXPECT_FALSE(PayloadIs("score", "sequence"));
  EXPECT_FALSE(PayloadIs("sequence", "score"));
}

}  // namespace
}  // namespace retort

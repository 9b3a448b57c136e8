// Choices of layers: what they count, and how users write them.
#include "core/model/layer_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LayerChoice, CountsWhatRuns) {
  EXPECT_TRUE(LayerChoice::All(5).whole());
  EXPECT_EQ(LayerChoice::First(3, 5).parts(), 6);
  EXPECT_EQ(LayerChoice::First(3, 5).last_attention(), 2);
  EXPECT_EQ(LayerChoice::First(0, 5).last_attention(), -1);
  const std::vector<int32_t> attention = {1, 4}, feed_forward = {4};
  const LayerChoice choice = LayerChoice::Without(attention, feed_forward, 5);
  EXPECT_FALSE(choice.whole());
  EXPECT_EQ(choice.parts(), 7);
  EXPECT_EQ(choice.last_attention(), 3);
  EXPECT_EQ(choice.skipped_attention(), attention);
  EXPECT_EQ(choice.skipped_feed_forward(), feed_forward);
}

TEST(LayerChoice, ReadsLayersAndRanges) {
  const auto parse = [](std::vector<std::string_view> items) { return ParseLayers(items, 30, "skip"); };
  EXPECT_THAT(*parse({}), IsEmpty());
  EXPECT_THAT(*parse({"8", "3", "8"}), ElementsAre(3, 8));
  EXPECT_THAT(*parse({"0-3,8, 29"}), ElementsAre(0, 1, 2, 3, 8, 29));
  EXPECT_THAT(*parse({"5-5", " 7 - 8 "}), ElementsAre(5, 7, 8));
  for (const std::string_view bad :
       {"30", "-1", "8-", "-", "", "3-1", "28-30", "1,", "x", "1.5", "0x3", "99999999999"}) {
    const auto got = parse({"2", bad});
    ASSERT_FALSE(got.ok()) << bad;
    EXPECT_EQ(got.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(got.status().message(), HasSubstr("skip: expected layers from 0 to 29"));
    EXPECT_THAT(got.status().message(), HasSubstr("got `" + std::string(bad) + "`"));
  }
}

TEST(LayerChoice, WritesWhatItReads) {
  const std::vector<int32_t> layers = {0, 1, 2, 3, 8, 10, 11};
  EXPECT_EQ(LayersText(layers), "0-3,8,10-11");
  EXPECT_EQ(LayersText({}), "");
  const std::string text = LayersText(layers);
  const std::vector<std::string_view> items = {text};
  EXPECT_EQ(*ParseLayers(items, 12, ""), layers);
}

}  // namespace
}  // namespace retort

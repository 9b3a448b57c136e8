#include "core/base/secrets.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

TEST(Secrets, AreLeftOutOfText) {
  EXPECT_EQ(Redacted("the key is hunter22"), "the key is hunter22");
  KeepSecret("hunter22");
  EXPECT_EQ(Redacted("hunter22: the key is hunter22"), "(secret): the key is (secret)");
}

TEST(Secrets, AreFoundAsJsonWritesThem) {
  KeepSecret("quote\"back\\slash\n");
  EXPECT_EQ(Redacted("{\"key\": \"quote\\\"back\\\\slash\\n\"}"), "{\"key\": \"(secret)\"}");
  EXPECT_EQ(Redacted("quote\"back\\slash\n"), "(secret)");
}

TEST(Secrets, ALongerOneGoesBeforeItsPart) {
  KeepSecret("opensesame");
  KeepSecret("opensesame, please");
  EXPECT_EQ(Redacted("opensesame, please"), "(secret)");
}

TEST(Secrets, ShortOnesWouldBeEverywhere) {
  KeepSecret("e");
  EXPECT_EQ(Redacted("everywhere"), "everywhere");
}

}  // namespace
}  // namespace retort

#include "core/ops/cpu/prefetch_choice.h"

#include <gtest/gtest.h>

namespace retort::cpu {
namespace {

using std::chrono::microseconds;

TEST(PrefetchChoice, FollowsTheFasterAfterTryingBoth) {
  for (const bool helps : {false, true}) {
    PrefetchChoice choice;
    int asked = 0;
    for (int i = 0; i < 64; ++i) {
      const bool prefetch = choice.Next();
      asked += prefetch;
      choice.Learn(prefetch, 1 << 20, microseconds(prefetch == helps ? 40 : 60));
    }
    EXPECT_EQ(asked, 32);
    EXPECT_EQ(choice.Next(), helps);
    choice.Learn(helps, 1 << 20, microseconds(10000));  // learns no more
    EXPECT_EQ(choice.Next(), helps);
  }
}

TEST(PrefetchChoice, LearnsNothingFromShortProducts) {
  PrefetchChoice choice;
  for (int i = 0; i < 1000; ++i) choice.Learn(choice.Next(), 1000, microseconds(1));
  EXPECT_FALSE(choice.Next());
}

}  // namespace
}  // namespace retort::cpu

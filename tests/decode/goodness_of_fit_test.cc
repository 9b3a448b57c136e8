#include "core/decode/goodness_of_fit.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

TEST(GoodnessOfFit, TailsAreThoseOfTheTables) {
  EXPECT_NEAR(ChiSquareTail(3.841, 1), 0.05, 1e-4);
  EXPECT_NEAR(ChiSquareTail(6.635, 1), 0.01, 1e-5);
  EXPECT_NEAR(ChiSquareTail(18.307, 10), 0.05, 1e-5);
  EXPECT_NEAR(ChiSquareTail(45.315, 20), 0.001, 1e-6);
  EXPECT_NEAR(ChiSquareTail(15.434, 26), 0.949, 1e-3);
  EXPECT_EQ(ChiSquareTail(0, 5), 1);
}

TEST(GoodnessOfFit, CountsThatFitFitAndOthersDoNot) {
  const std::vector<double> law = {0.5, 0.3, 0.2};
  const Fit good = CompareCounts(law, std::vector<uint64_t>{5010, 2995, 1995});
  EXPECT_NEAR(good.chi_square, 0.04 * 0.5 + 25.0 / 3000 + 25.0 / 2000, 1e-3);
  EXPECT_EQ(good.freedom, 2u);
  EXPECT_GT(good.p_value, 0.9);
  EXPECT_NEAR(good.distance, 0.001, 1e-9);
  EXPECT_GT(good.distance_bound, good.distance);
  EXPECT_LT(CompareCounts(law, std::vector<uint64_t>{5300, 2700, 2000}).p_value, 1e-6);
}

TEST(GoodnessOfFit, RareOutcomesAreJoinedAndForbiddenOnesCaught) {
  const std::vector<double> law = {0.9996, 0.0002, 0.0002, 0};
  EXPECT_EQ(CompareCounts(law, std::vector<uint64_t>{9996, 2, 2, 0}).freedom, 1u);
  EXPECT_EQ(CompareCounts(law, std::vector<uint64_t>{9996, 2, 1, 1}).p_value, 0);
}

TEST(GoodnessOfFit, HolmMultipliesByTheTestsThatAreLeft) {
  const std::vector<double> corrected = HolmCorrected(std::vector<double>{0.04, 0.01, 0.5});
  EXPECT_DOUBLE_EQ(corrected[1], 0.03);
  EXPECT_DOUBLE_EQ(corrected[0], 0.08);
  EXPECT_DOUBLE_EQ(corrected[2], 0.5);
}

}  // namespace
}  // namespace retort

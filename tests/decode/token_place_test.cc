#include "core/decode/token_place.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/random.h"
#include "core/decode/probability_row.h"
#include "core/decode/uniform_cells.h"

namespace retort {
namespace {

const std::vector<float> kLaw = {0.1f, 0.5f, 0, 0.3f, 0.1f};

TEST(TokenPlace, LiesInTheTokensShareOfTheLaw) {
  EXPECT_NEAR(PlaceOf(kLaw, 1, 0).by_rank, 0, 1e-6);
  EXPECT_NEAR(PlaceOf(kLaw, 3, 0.5).by_rank, 0.5 + 0.15, 1e-6);
  EXPECT_NEAR(PlaceOf(kLaw, 0, 0).by_rank, 0.8, 1e-6);  // ties by id
  EXPECT_NEAR(PlaceOf(kLaw, 4, 0).by_rank, 0.9, 1e-6);
  EXPECT_NEAR(PlaceOf(kLaw, 3, 0).probability, 0.3, 1e-6);
  EXPECT_EQ(PlaceOf(kLaw, 2, 0.5).probability, 0);
}

/// The smallest corrected p-value of `count` sequences of tokens drawn from `drawn`, placed in kLaw.
double Least(const std::vector<float>& drawn, size_t count) {
  UniformCells by_rank("by rank"), by_hash("shuffled");
  for (size_t i = 0; i < count; ++i) {
    std::vector<double> ranks, hashes;
    for (uint64_t t = 0; t < 4; ++t) {
      const int32_t token = DrawFromRow(drawn, RandomUniform({.record = i, .stream = 1, .position = t}));
      const TokenPlace place = PlaceOf(kLaw, token, RandomUniform({.record = i, .stream = 2, .position = t}));
      ranks.push_back(place.by_rank);
      hashes.push_back(place.by_hash);
    }
    by_rank.Add(ranks);
    by_hash.Add(hashes);
  }
  std::vector<Cell> cells = by_rank.Cells();
  for (const Cell& cell : by_hash.Cells()) cells.push_back(cell);
  CorrectCells(&cells);
  double least = 1;
  for (const Cell& cell : cells) least = std::min(least, cell.corrected);
  return least;
}

TEST(TokenPlace, IsUniformWhereTokensFollowTheLawAndNotElsewhere) {
  EXPECT_GT(Least(kLaw, 2000), 0.01);
  EXPECT_LT(Least({0.1f, 0.45f, 0, 0.35f, 0.1f}, 2000), 1e-6);
  EXPECT_LT(Least({0.15f, 0.5f, 0, 0.3f, 0.05f}, 2000), 1e-6);
}

TEST(UniformCells, NumbersThatDependOnEachOtherAreFound) {
  UniformCells cells("x");
  for (uint64_t i = 0; i < 2000; ++i) {
    const double u = RandomUniform({.record = i});
    cells.Add({u, u});
  }
  std::vector<Cell> found = cells.Cells();
  CorrectCells(&found);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_GT(found[0].corrected, 0.01);
  EXPECT_GT(found[1].corrected, 0.01);
  EXPECT_EQ(found[3].place, "pairs 1-2, 3-4, ..");
  EXPECT_LT(found[3].corrected, 1e-6);
}

TEST(UniformCells, TooFewNumbersSayNothing) {
  UniformCells cells("x");
  for (int i = 0; i < 5; ++i) cells.Add({0.5});
  EXPECT_TRUE(cells.Cells().empty());
}

}  // namespace
}  // namespace retort

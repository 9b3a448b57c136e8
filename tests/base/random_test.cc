#include "core/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace retort {
namespace {

// Known answers of Random123's kat_vectors for philox4x32 with 10 rounds.
TEST(Philox, MatchesPublishedVectors) {
  using Block = std::array<uint32_t, 4>;
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryPartOfTheKeyChangesTheDraw) {
  const RandomKey base{1, 2, 3, 4, 5};
  std::set<uint64_t> seen{RandomBits(base)};
  for (int part = 0; part < 5; ++part) {
    RandomKey key = base;
    if (part == 0) ++key.seed;
    if (part == 1) ++key.record;
    if (part == 2) ++key.stream;
    if (part == 3) ++key.position;
    if (part == 4) ++key.draw;
    EXPECT_TRUE(seen.insert(RandomBits(key)).second) << part;
  }
  EXPECT_EQ(RandomBits(base), RandomBits({1, 2, 3, 4, 5}));
}

TEST(Random, UniformDrawsAreUniformOverPositionsAndOverRecords) {
  constexpr int kBins = 64, kDraws = 64 * 2000;
  for (const bool over_records : {false, true}) {
    std::array<int, kBins> count{};
    for (uint64_t i = 0; i < kDraws; ++i) {
      const RandomKey key = over_records ? RandomKey{7, i, 1, 0} : RandomKey{7, 1, 1, i};
      const double u = RandomUniform(key);
      ASSERT_GE(u, 0);
      ASSERT_LT(u, 1);
      ++count[static_cast<size_t>(u * kBins)];
    }
    double chi2 = 0;
    for (const int c : count) chi2 += std::pow(c - 2000.0, 2) / 2000.0;
    EXPECT_LT(chi2, 120) << "63 degrees of freedom; p < 1e-5 beyond";
    EXPECT_GT(chi2, 22);
  }
}

TEST(Random, HashNameIsStable) {
  EXPECT_EQ(HashName("sample"), HashName("sample"));
  EXPECT_NE(HashName("a"), HashName("b"));
  EXPECT_NE(HashName(""), HashName(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace retort

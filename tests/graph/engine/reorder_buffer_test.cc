#include "core/graph/engine/reorder_buffer.h"

#include <algorithm>
#include <deque>
#include <random>

#include <gmock/gmock.h>

namespace retort {
namespace {

std::vector<uint64_t> Drain(Chain& chain) {
  std::vector<uint64_t> numbers;
  while (Record* record = chain.Pop()) numbers.push_back(record->number);
  return numbers;
}

class ReorderBufferTest : public testing::Test {
 protected:
  Record* Make(uint64_t number) {
    Record& record = records_.emplace_back();
    record.number = number;
    return &record;
  }
  ReorderBuffer buffer_;
  Chain ready_;
  std::deque<Record> records_;
};

TEST_F(ReorderBufferTest, HoldsARecordUntilTheEarlierOnesCame) {
  buffer_.Arrive(Make(2), ready_);
  buffer_.Arrive(Make(1), ready_);
  EXPECT_TRUE(ready_.empty());
  buffer_.Arrive(Make(0), ready_);
  EXPECT_THAT(Drain(ready_), testing::ElementsAre(0, 1, 2));
}

TEST_F(ReorderBufferTest, ARecordThatLeftHoldsNobodyUp) {
  buffer_.Arrive(Make(1), ready_);
  buffer_.Left(0, ready_);
  EXPECT_THAT(Drain(ready_), testing::ElementsAre(1));
}

TEST_F(ReorderBufferTest, ARecordThatComesAgainPasses) {
  Record* first = Make(0);
  buffer_.Arrive(first, ready_);
  Drain(ready_);
  buffer_.Arrive(Make(2), ready_);
  buffer_.Arrive(first, ready_);
  EXPECT_THAT(Drain(ready_), testing::ElementsAre(0));
  EXPECT_EQ(buffer_.waiting(), 1u);
}

TEST_F(ReorderBufferTest, TakeAllGivesTheRestInOrder) {
  for (uint64_t n : {9, 3, 5}) buffer_.Arrive(Make(n), ready_);
  buffer_.TakeAll(ready_);
  EXPECT_THAT(Drain(ready_), testing::ElementsAre(3, 5, 9));
  EXPECT_EQ(buffer_.waiting(), 0u);
}

// Any order of arrivals and departures, word boundaries included: what comes is sorted and complete.
TEST_F(ReorderBufferTest, SortsAnyMixtureOfArrivalsAndDepartures) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    ReorderBuffer buffer;
    std::vector<uint64_t> order(1 + random() % 400);
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::vector<uint64_t> expected, seen;
    for (uint64_t number : order) {
      if (random() % 3 == 0) {
        buffer.Left(number, ready_);
      } else {
        expected.push_back(number);
        buffer.Arrive(Make(number), ready_);
      }
      for (uint64_t n : Drain(ready_)) seen.push_back(n);
    }
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(seen, expected) << "seed " << seed;
    ASSERT_EQ(buffer.waiting(), 0u);
  }
}

}  // namespace
}  // namespace retort

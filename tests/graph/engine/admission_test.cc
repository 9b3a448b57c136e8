#include "core/graph/engine/admission.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

// Create the whole grant, each record of `bytes`.
Chain Admit(Admission& admission, const Admission::Grant& grant, uint64_t bytes) {
  Chain chain;
  for (uint32_t i = 0; i < grant.records; ++i) {
    Record* record = admission.Create();
    record->bytes = bytes;
    chain.Append(record);
  }
  admission.Settle(grant, {.records = grant.records, .bytes = bytes * grant.records}, bytes);
  return chain;
}

TEST(Admission, GrantsNoMoreThanTheCredits) {
  Admission admission(10, 1 << 20, 0);
  Chain chain = Admit(admission, admission.Reserve(1), 1);
  EXPECT_EQ(chain.count, 10u);
  EXPECT_FALSE(admission.Ready());
  EXPECT_EQ(admission.Reserve(1).records, 0u);
  EXPECT_TRUE(admission.Leave(chain)) << "the source that got nothing must be called again";
  EXPECT_EQ(admission.Reserve(1).records, 10u);
}

TEST(Admission, SharesAmongSources) {
  Admission admission(10, 1 << 20, 0);
  EXPECT_EQ(admission.Reserve(2).records, 5u);
}

TEST(Admission, RefillsInBulk) {
  Admission admission(64, 1 << 20, 0);
  Chain chain = Admit(admission, admission.Reserve(1), 1);
  EXPECT_EQ(admission.Reserve(1).records, 0u);
  for (int i = 1; i <= 8; ++i) {
    Chain one;
    one.Append(chain.Pop());
    EXPECT_EQ(admission.Leave(one), i == 8) << "after " << i << " of 64 records left";
  }
}

TEST(Admission, BoundsBytes) {
  Admission admission(100, 1000, 0);
  Admission::Grant first = admission.Reserve(1);
  EXPECT_EQ(first.records, 1u) << "of unknown size";
  Chain chain = Admit(admission, first, 100);
  Admission::Grant second = admission.Reserve(1);
  EXPECT_EQ(second.records, 9u);
  chain.Append(Admit(admission, second, 100));
  EXPECT_EQ(admission.Reserve(1).records, 0u);
  EXPECT_TRUE(admission.Leave(chain));
}

TEST(Admission, OneRecordAlwaysFits) {
  Admission admission(100, 10, 0);
  Chain chain = Admit(admission, admission.Reserve(1), 5000);
  EXPECT_EQ(chain.count, 1u);
  EXPECT_EQ(admission.Reserve(1).records, 0u);
  EXPECT_TRUE(admission.Leave(chain));
  EXPECT_EQ(admission.Reserve(1).records, 1u);
}

TEST(Admission, ReusesRecordsAndForgetsWhatHungOnThem) {
  Admission admission(1, 1 << 20, 42);
  Chain chain = Admit(admission, admission.Reserve(1), 1);
  Record* record = chain.head;
  ASSERT_NE(record, nullptr);
  static int destroyed = 0;
  destroyed = 0;
  record->id = "first";
  record->json = {{"a", 1}};
  record->cycles = 3;
  record->Attach("thing", &destroyed, [](void* count) { ++*static_cast<int*>(count); });
  EXPECT_EQ(admission.InFlight().size(), 1u);
  admission.Leave(chain);
  EXPECT_EQ(destroyed, 1);
  EXPECT_TRUE(admission.InFlight().empty());
  Chain again = Admit(admission, admission.Reserve(1), 1);
  EXPECT_EQ(again.head, record);
  EXPECT_EQ(record->number, 1u);
  EXPECT_EQ(record->run_seed, 42u);
  EXPECT_TRUE(record->id.empty());
  EXPECT_TRUE(record->json.is_null());
  EXPECT_EQ(record->cycles, 0u);
}

}  // namespace
}  // namespace retort

#include "core/model/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

namespace retort {
namespace {

/// A device with memory for so many buffers.
class SmallDevice final : public Device {
 public:
  explicit SmallDevice(Device& base) : base_(base) {}
  int buffers_left = 0;
  const DeviceInfo& info() const override { return base_.info(); }
  Result<std::unique_ptr<Buffer>> Allocate(size_t bytes) override {
    if (buffers_left-- > 0) return base_.Allocate(bytes);
    buffers_left = 0;
    return ResourceExhausted("small: cannot allocate " + std::to_string(bytes) + " bytes");
  }
  Result<std::unique_ptr<Stream>> CreateStream() override { return base_.CreateStream(); }
  Status CopyFromHost(void* dst, const void* src, size_t bytes, Stream& stream) override {
    return base_.CopyFromHost(dst, src, bytes, stream);
  }
  Status CopyToHost(void* dst, const void* src, size_t bytes, Stream& stream) override {
    return base_.CopyToHost(dst, src, bytes, stream);
  }
  Status CopyOnDevice(void* dst, const void* src, size_t bytes, Stream& stream) override {
    return base_.CopyOnDevice(dst, src, bytes, stream);
  }

 private:
  Device& base_;
};

class KvCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto device = OpenDevice("ref");
    ASSERT_TRUE(device.ok());
    device_ = *device;
    pool_ = std::make_shared<KvPagePool>(*device_, KvLayout{2, 1, 4, DType::kF32});
  }
  std::unique_ptr<KvSequence> New() { return std::make_unique<KvSequence>(pool_); }

  /// Append `count` tokens whose keys hold `value`, as a forward step does.
  void Append(KvSequence& kv, size_t count, float value) {
    ASSERT_TRUE(kv.Reserve(count).ok());
    for (size_t i = kv.length(); i < kv.length() + count; ++i) *Slot(kv, i) = value;
    kv.Advance(std::vector<int32_t>(count, 7));
  }
  float* Slot(const KvSequence& kv, size_t position) {
    auto* const page = static_cast<char*>(kv.page_table()[position / kKvPageTokens]);
    return reinterpret_cast<float*>(page + pool_->layout().key_offset(1)) + position % kKvPageTokens * 4;
  }
  std::vector<float> Contents(const KvSequence& kv) {
    std::vector<float> out;
    for (size_t i = 0; i < kv.length(); ++i) out.push_back(*Slot(kv, i));
    return out;
  }

  std::shared_ptr<Device> device_;
  std::shared_ptr<KvPagePool> pool_;
};

TEST_F(KvCacheTest, PagesComeWithTokensAndGoBack) {
  auto kv = New();
  EXPECT_EQ(pool_->pages_in_use(), 0u);
  Append(*kv, 1, 1);
  EXPECT_EQ(pool_->pages_in_use(), 1u);
  Append(*kv, 31, 1);
  EXPECT_EQ(pool_->pages_in_use(), 1u);
  Append(*kv, 33, 1);
  EXPECT_EQ(pool_->pages_in_use(), 3u);
  ASSERT_TRUE(kv->Truncate(32).ok());
  EXPECT_EQ(pool_->pages_in_use(), 1u);
  ASSERT_TRUE(kv->Truncate(0).ok());
  EXPECT_EQ(pool_->pages_in_use(), 0u);
  Append(*kv, 40, 2);
  kv.reset();
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(KvCacheTest, FreedPagesAreUsedAgain) {
  auto kv = New();
  Append(*kv, 1, 1);
  void* const page = kv->page_table()[0];
  kv = New();
  Append(*kv, 1, 1);
  EXPECT_EQ(kv->page_table()[0], page);
}

TEST_F(KvCacheTest, ForkSharesUntilOneWrites) {
  auto kv = New();
  Append(*kv, 40, 1);
  auto fork = kv->Fork();
  EXPECT_EQ(fork->length(), 40u);
  EXPECT_EQ(pool_->pages_in_use(), 2u);
  Append(*fork, 2, 2);  // page 1 becomes its own; page 0 stays shared
  EXPECT_EQ(pool_->pages_in_use(), 3u);
  EXPECT_EQ(fork->page_table()[0], kv->page_table()[0]);
  EXPECT_NE(fork->page_table()[1], kv->page_table()[1]);
  Append(*kv, 2, 3);
  std::vector<float> mine(40, 1.0f), theirs(40, 1.0f);
  mine.insert(mine.end(), 2, 3.0f);
  theirs.insert(theirs.end(), 2, 2.0f);
  EXPECT_EQ(Contents(*kv), mine);
  EXPECT_EQ(Contents(*fork), theirs);
  kv.reset();
  EXPECT_EQ(Contents(*fork), theirs);
  EXPECT_EQ(pool_->pages_in_use(), 2u);
}

TEST_F(KvCacheTest, TruncatedForkRewritesItsOwnCopy) {
  auto kv = New();
  Append(*kv, 64, 1);
  auto fork = kv->Fork();
  ASSERT_TRUE(fork->Truncate(5).ok());
  Append(*fork, 10, 7);
  EXPECT_EQ(Contents(*kv), std::vector<float>(64, 1.0f));
  EXPECT_EQ(Contents(*fork)[4], 1.0f);
  EXPECT_EQ(Contents(*fork)[5], 7.0f);
  // At a page border nothing is shared that could be written.
  auto border = kv->Fork();
  ASSERT_TRUE(border->Truncate(32).ok());
  Append(*border, 1, 9);
  EXPECT_EQ(border->page_table()[0], kv->page_table()[0]);
  EXPECT_NE(border->page_table()[1], kv->page_table()[1]);
}

TEST_F(KvCacheTest, ReservedPagesAreNotShared) {
  auto kv = New();
  ASSERT_TRUE(kv->Reserve(40).ok());
  EXPECT_EQ(kv->length(), 0u);
  auto fork = kv->Fork();
  EXPECT_EQ(fork->length(), 0u);
  EXPECT_EQ(pool_->pages_in_use(), 2u);
  ASSERT_TRUE(kv->Truncate(0).ok());
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(KvCacheTest, TruncateRefusesToGrow) {
  auto kv = New();
  Append(*kv, 3, 1);
  const Status status = kv->Truncate(4);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("expected a length of 3 at most, got 4"));
  EXPECT_EQ(kv->length(), 3u);
}

TEST_F(KvCacheTest, MemoryUsedUpTakesNoPages) {
  SmallDevice small(*device_);
  pool_ = std::make_shared<KvPagePool>(small, pool_->layout());
  small.buffers_left = 3;
  auto kv = New();
  Append(*kv, 40, 1);
  const Status status = kv->Reserve(64);  // two pages more, of which one is left
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("KV cache, page 4"));
  EXPECT_EQ(kv->length(), 40u);
  EXPECT_EQ(pool_->pages_in_use(), 2u);
  EXPECT_EQ(Contents(*kv), std::vector<float>(40, 1.0f));
  Append(*kv, 50, 2);  // what is left serves
  auto fork = kv->Fork();
  EXPECT_EQ(fork->Reserve(1).code(), StatusCode::kResourceExhausted);  // no page for the copy
  EXPECT_EQ(Contents(*fork), Contents(*kv));
}

TEST_F(KvCacheTest, SequencesComeAndGoOnOtherThreads) {
  auto kv = New();
  Append(*kv, 50, 1);
  std::vector<std::unique_ptr<KvSequence>> forks;
  for (int i = 0; i < 64; ++i) forks.push_back(kv->Fork());
  std::thread other([&] { forks.clear(); });
  for (int i = 0; i < 50; ++i) Append(*kv, 1, 2);
  other.join();
  EXPECT_EQ(pool_->pages_in_use(), 4u);
  EXPECT_EQ(Contents(*kv)[49], 1.0f);
  EXPECT_EQ(Contents(*kv)[99], 2.0f);
}

}  // namespace
}  // namespace retort

#include "core/model/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <thread>

namespace retort {
namespace {

/// A device with memory for so many buffers.
class SmallDevice final : public Device {
 public:
  explicit SmallDevice(Device& base) : base_(base) {}
  int buffers_left = 0;
  size_t largest = SIZE_MAX;  // buffer that there is memory for
  int copies = 0;
  const DeviceInfo& info() const override { return base_.info(); }
  Result<std::unique_ptr<Buffer>> Allocate(size_t bytes) override {
    if (bytes <= largest && buffers_left-- > 0) return base_.Allocate(bytes);
    buffers_left = std::max(buffers_left, 0);
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
    ++copies;
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
    return reinterpret_cast<float*>(page + pool_->layout().key_offset(1)) + position % kKvPageTokens;
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
  pool_ = std::make_shared<KvPagePool>(small, pool_->layout(), 0);  // page by page
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

TEST_F(KvCacheTest, PagesComeInSlabsOrOneByOneWhereMemoryIsShort) {
  SmallDevice small(*device_);
  pool_ = std::make_shared<KvPagePool>(small, pool_->layout());
  small.buffers_left = 1;
  auto kv = New();
  Append(*kv, 300, 1);  // ten pages of one buffer
  EXPECT_EQ(pool_->pages_in_use(), 10u);
  EXPECT_EQ(static_cast<char*>(kv->page_table()[1]) - static_cast<char*>(kv->page_table()[0]),
            static_cast<std::ptrdiff_t>(pool_->layout().page_bytes()));
  SmallDevice tight(*device_);
  pool_ = std::make_shared<KvPagePool>(tight, pool_->layout());
  tight.buffers_left = 2;
  tight.largest = pool_->layout().page_bytes();
  auto other = New();
  Append(*other, 64, 1);
  EXPECT_EQ(other->Reserve(1).code(), StatusCode::kResourceExhausted);
  other.reset();
}

TEST_F(KvCacheTest, RewindKeepsPagesAndWritesInPlace) {
  auto kv = New();
  Append(*kv, 100, 1);
  void* const last = kv->page_table()[3];
  ASSERT_TRUE(kv->Rewind(40).ok());
  EXPECT_EQ(kv->length(), 40u);
  EXPECT_EQ(pool_->pages_in_use(), 4u);
  Append(*kv, 60, 2);
  EXPECT_EQ(kv->page_table()[3], last);
  EXPECT_EQ(Contents(*kv)[39], 1.0f);
  EXPECT_EQ(Contents(*kv)[40], 2.0f);
  EXPECT_EQ(kv->Rewind(101).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(kv->Rewind(40).ok());
  ASSERT_TRUE(kv->Truncate(40).ok());
  EXPECT_EQ(pool_->pages_in_use(), 2u);
}

TEST_F(KvCacheTest, WritingAfterAForkCopiesOnePageAtMost) {
  SmallDevice counting(*device_);
  counting.buffers_left = 1;
  pool_ = std::make_shared<KvPagePool>(counting, pool_->layout());
  auto kv = New();
  Append(*kv, 200, 1);
  struct Case {
    size_t keep;
    int copies;
  };
  for (const auto& [keep, copies] : {Case{200, 1}, Case{192, 0}, Case{100, 1}, Case{64, 0}, Case{0, 0}}) {
    for (const bool rewind : {false, true}) {
      auto fork = kv->Fork();
      counting.copies = 0;
      ASSERT_TRUE((rewind ? fork->Rewind(keep) : fork->Truncate(keep)).ok());
      EXPECT_EQ(counting.copies, 0);
      Append(*fork, 210 - keep, 2);
      EXPECT_EQ(counting.copies, copies) << keep;
      EXPECT_EQ(Contents(*kv), std::vector<float>(200, 1.0f));
      std::vector<float> expected(keep, 1.0f);
      expected.resize(210, 2.0f);
      EXPECT_EQ(Contents(*fork), expected) << keep;
    }
  }
  kv.reset();
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

class KvTreeTest : public KvCacheTest {
 protected:
  /// Append nodes whose keys and tokens are their numbers in the tree.
  void AppendTree(KvSequence& kv, const std::vector<int32_t>& parents) {
    const auto paths = kv.PathsOf(parents);
    ASSERT_TRUE(paths.ok()) << paths.status().ToString();
    ASSERT_TRUE(kv.Reserve(parents.size()).ok());
    std::vector<int32_t> tokens;
    for (size_t i = 0; i < parents.size(); ++i) {
      tokens.push_back(static_cast<int32_t>(kv.tree().size() + i));
      *Slot(kv, kv.length() + i) = static_cast<float>(tokens.back());
    }
    kv.Advance(tokens, *paths);
  }
  Status Keep(KvSequence& kv, const std::vector<int32_t>& path) { return kv.KeepPath(path, *ops_, *stream_); }

  std::shared_ptr<Device> host_ = OpenDevice("ref").value();
  std::unique_ptr<OpSet> ops_ = std::move(MakeOpSet(*host_).value());
  std::unique_ptr<Stream> stream_ = std::move(host_->CreateStream().value());
};

TEST_F(KvTreeTest, KeepsOnePathInItsPlace) {
  for (const size_t prefix : {0u, 5u, 27u, 30u, 32u}) {
    auto kv = New();
    Append(*kv, prefix, 100);
    AppendTree(*kv, {-1, 0, 0, -1, 2, 4, 3});
    AppendTree(*kv, {5, 1, 7});
    EXPECT_EQ(kv->length(), prefix + 10);
    EXPECT_EQ(kv->prefix_length(), prefix);
    auto fork = kv->Fork();
    ASSERT_TRUE(Keep(*kv, {0, 2, 4, 5, 7, 9}).ok());
    EXPECT_TRUE(kv->tree().empty());
    std::vector<float> expected(prefix, 100.0f);
    expected.insert(expected.end(), {0, 2, 4, 5, 7, 9});
    EXPECT_EQ(Contents(*kv), expected);
    EXPECT_EQ(kv->tokens().back(), 9);
    EXPECT_EQ(kv->tokens()[prefix + 1], 2);
    // The fork still has the whole tree, and may keep another path.
    ASSERT_TRUE(Keep(*fork, {3, 6}).ok());
    expected.resize(prefix);
    expected.insert(expected.end(), {3, 6});
    EXPECT_EQ(Contents(*fork), expected);
    ASSERT_TRUE(Keep(*fork, {}).ok());
    EXPECT_EQ(fork->length(), prefix + 2);
  }
  EXPECT_EQ(pool_->pages_in_use(), 0u);
}

TEST_F(KvTreeTest, RefusesWhatIsNoTreeOrNoPath) {
  auto kv = New();
  Append(*kv, 3, 1);
  const auto refused = [](const Status& status, StatusCode code, const std::string& part) {
    EXPECT_EQ(status.code(), code) << status.ToString();
    EXPECT_THAT(status.message(), ::testing::HasSubstr(part));
  };
  const auto paths = [&](std::vector<int32_t> parents) { return kv->PathsOf(parents).status(); };
  refused(paths({0}), StatusCode::kInvalidArgument, "the parent of node 0: expected a node before it");
  refused(paths({-1, 2, 0}), StatusCode::kInvalidArgument, "the parent of node 1");
  refused(paths({-1, 1}), StatusCode::kInvalidArgument, "got 1");
  refused(paths({-2}), StatusCode::kInvalidArgument, "got -2");
  refused(paths(std::vector<int32_t>(65, -1)), StatusCode::kResourceExhausted, "64 tokens at most, got 65");
  refused(Keep(*kv, {0}), StatusCode::kInvalidArgument, "below 0, got 0");
  AppendTree(*kv, {-1, 0, -1, 2});
  refused(paths({4}), StatusCode::kInvalidArgument, "the parent of node 4");
  refused(paths(std::vector<int32_t>(61, -1)), StatusCode::kResourceExhausted, "got 65");
  refused(Keep(*kv, {1}), StatusCode::kInvalidArgument, "node 1 is no child");
  refused(Keep(*kv, {0, 3}), StatusCode::kInvalidArgument, "node 3 is no child");
  refused(Keep(*kv, {2, 2}), StatusCode::kInvalidArgument, "node 2 is no child");
  refused(Keep(*kv, {4}), StatusCode::kInvalidArgument, "got 4");
  refused(Keep(*kv, {-1}), StatusCode::kInvalidArgument, "got -1");
  refused(kv->Truncate(5), StatusCode::kInvalidArgument, "cuts through the tree");
  EXPECT_EQ(kv->length(), 7u);
  ASSERT_TRUE(kv->Truncate(7).ok());
  EXPECT_EQ(kv->tree().size(), 4u);
  ASSERT_TRUE(kv->Truncate(3).ok());
  EXPECT_TRUE(kv->tree().empty());
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

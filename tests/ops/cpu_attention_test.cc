// Attention of `cpu`: a row is the same bits whatever tile, step, number of threads or tree it is in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

#include "core/ops/cpu/attention_plan.h"
#include "core/ops/ops.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/simd_targets.h"

namespace retort {
namespace {

/// Pages of one sequence, filled with noise.
struct Pages {
  Pages(const KvLayout& layout, int tokens) {
    for (int p = 0; p * kKvPageTokens < tokens; ++p) {
      memory.emplace_back(layout.page_bytes());
      const auto elements = static_cast<int64_t>(layout.page_bytes() / (layout.type == DType::kF32 ? 4 : 2));
      QuantiseRow(layout.type, RandomFloats(static_cast<size_t>(elements), static_cast<uint32_t>(p)).data(),
                  memory.back().data(), elements);
      table.push_back(memory.back().data());
    }
  }
  std::vector<std::vector<std::byte>> memory;
  std::vector<void*> table;
};

class CpuAttention : public ::testing::TestWithParam<int> {
 protected:
  void Open(int threads) {
    device_ = std::move(OpenDevice("cpu", threads).value());
    ops_ = std::move(MakeOpSet(*device_).value());
    stream_ = std::move(device_->CreateStream().value());
  }
  void SetUp() override { Open(GetParam()); }

  std::vector<float> Attend(const float* q, std::span<const AttentionRow> rows, const KvLayout& layout, int heads) {
    const int64_t width = int64_t{heads} * layout.head_dim;
    std::vector<float> out(rows.size() * static_cast<size_t>(width));
    const Status status =
        ops_->Attention(q, width, rows, layout, 0, heads, 0.125f, out.data(), Precision::kExact, *stream_);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return out;
  }

  std::shared_ptr<Device> device_;
  std::unique_ptr<OpSet> ops_;
  std::unique_ptr<Stream> stream_;
};
INSTANTIATE_TEST_SUITE_P(Threads, CpuAttention, ::testing::Values(1, 2, 5));

struct Shape {
  int heads, kv_heads, dim;
  DType type;
};
constexpr Shape kShapes[] = {{9, 3, 64, DType::kF32},
                             {9, 3, 64, DType::kF16},
                             {5, 1, 33, DType::kF16},
                             {14, 2, 7, DType::kF32},
                             {4, 4, 128, DType::kF32}};

TEST_P(CpuAttention, ARowIsTheSameBitsInAnyTile) {
  for (const auto& [heads, kv_heads, dim, type] : kShapes) {
    SCOPED_TRACE(std::to_string(heads) + "/" + std::to_string(kv_heads) + " heads of " + std::to_string(dim));
    const KvLayout layout{1, kv_heads, dim, type};
    const int first = 500, count = 70;  // three segments, many tiles, page and segment borders in them
    const Pages pages(layout, first + count);
    std::vector<AttentionRow> rows;
    for (int i = 0; i < count; ++i) rows.push_back({pages.table.data(), first + i});
    const std::vector<float> q = RandomFloats(static_cast<size_t>(count * heads * dim), 3);
    const auto width = static_cast<size_t>(heads) * static_cast<size_t>(dim);
    ForEachTarget([&, heads = heads] {
      Open(GetParam());
      const std::vector<float> all = Attend(q.data(), rows, layout, heads);
      Open(6 - GetParam());
      ASSERT_EQ(all, Attend(q.data(), rows, layout, heads));
      for (const size_t size : {1u, 2u, 7u, 33u}) {
        for (size_t at = 0; at < rows.size(); at += size + 8) {
          const auto some = std::span(rows).subspan(at, std::min(size, rows.size() - at));
          const std::vector<float> got = Attend(q.data() + at * width, some, layout, heads);
          ASSERT_TRUE(std::equal(got.begin(), got.end(), all.begin() + static_cast<long>(at * width)))
              << size << " rows from " << at;
        }
      }
    });
  }
}

TEST_P(CpuAttention, ATreeRowIsTheSameBitsAsInASequence) {
  std::mt19937 engine(4);
  for (const auto& [heads, kv_heads, dim, type] : kShapes) {
    for (const int prefix : {0, 5, 31, 32, 250, 256, 500}) {
      SCOPED_TRACE(std::to_string(heads) + " heads of " + std::to_string(dim) + ", prefix " + std::to_string(prefix));
      const KvLayout layout{1, kv_heads, dim, type};
      constexpr int kNodes = 40;
      const Pages pages(layout, prefix + kNodes);
      std::vector<AttentionRow> rows;
      for (int i = 0; i < kNodes; ++i) {
        // Half of them continue the longest path, so that some go past the end of a page.
        const int parent = i % 2 == 0 ? i - 2 : std::uniform_int_distribution<int>(-1, i - 1)(engine);
        const uint64_t path = (parent < 0 ? 0 : rows[static_cast<size_t>(parent)].path) | uint64_t{1} << i;
        rows.push_back({pages.table.data(), prefix + std::popcount(path) - 1, prefix, path});
      }
      const auto kv_width = static_cast<int64_t>(kv_heads) * dim;
      const std::vector<float> q = RandomFloats(static_cast<size_t>(kNodes * heads * dim), 3);
      const std::vector<float> k = RandomFloats(static_cast<size_t>(kNodes * kv_width), 4);
      const std::vector<float> v = RandomFloats(static_cast<size_t>(kNodes * kv_width), 5);
      ASSERT_TRUE(ops_->StoreKv(k.data(), v.data(), kv_width, rows, layout, 0, *stream_).ok());
      ForEachTarget([&, heads = heads, dim = dim] {
        const std::vector<float> tree = Attend(q.data(), rows, layout, heads);
        const auto width = static_cast<int64_t>(heads) * dim;
        for (int64_t i = 0; i < kNodes; i += 7) {
          const AttentionRow& node = rows[static_cast<size_t>(i)];
          const Pages plain(layout, node.position + 1);
          AttentionRow row{plain.table.data(), prefix};
          for (uint64_t left = node.path; left != 0; left &= left - 1, ++row.position) {
            const int64_t at = std::countr_zero(left) * kv_width;
            ASSERT_TRUE(ops_->StoreKv(k.data() + at, v.data() + at, kv_width, {&row, 1}, layout, 0, *stream_).ok());
          }
          --row.position;
          const std::vector<float> alone = Attend(q.data() + i * width, {&row, 1}, layout, heads);
          ASSERT_TRUE(std::equal(alone.begin(), alone.end(), tree.begin() + i * width)) << "node " << i;
        }
      });
    }
  }
}

TEST_P(CpuAttention, WhatLiesInOtherSlotsDoesNotMatter) {
  for (const auto& [heads, kv_heads, dim, type] : kShapes) {
    const KvLayout layout{1, kv_heads, dim, type};
    const auto kv_width = static_cast<int64_t>(kv_heads) * dim;
    const std::vector<float> kv = RandomFloats(static_cast<size_t>(8 * kv_width), 4);
    const std::vector<float> q = RandomFloats(static_cast<size_t>(4 * heads * dim), 3);
    std::vector<float> clean;
    for (const int filler : {0x00, 0xff}) {  // bytes 0xff are NaN as floats and as halves
      Pages pages(layout, 2 * kKvPageTokens);
      for (auto& page : pages.memory) std::fill(page.begin(), page.end(), std::byte(filler));
      void* const* const table = pages.table.data();
      // Three tokens, then a tree of four: two children of the sequence, and a child of each.
      const std::vector<AttentionRow> rows = {{table, 0},       {table, 1},       {table, 2},       {table, 3, 3, 1},
                                              {table, 3, 3, 2}, {table, 4, 3, 5}, {table, 4, 3, 10}};
      const auto stored = std::span(rows);
      ASSERT_TRUE(ops_->StoreKv(kv.data(), kv.data() + kv_width, kv_width, stored, layout, 0, *stream_).ok());
      for (const auto part : {stored.first(3), stored.subspan(3)}) {
        const std::vector<float> got = Attend(q.data(), part, layout, heads);
        if (filler == 0) clean.insert(clean.end(), got.begin(), got.end());
        const auto at = part.size() == 3 ? 0 : 3 * static_cast<int64_t>(heads) * dim;
        EXPECT_TRUE(std::equal(got.begin(), got.end(), clean.begin() + at)) << heads << " heads of " << dim;
      }
    }
  }
}

TEST_P(CpuAttention, RefusesHeadsThatDoNotDivide) {
  const KvLayout layout{1, 2, 4, DType::kF32};
  std::vector<float> out(12);
  const Status status =
      ops_->Attention(out.data(), 12, {}, layout, 0, 3, 1.0f, out.data(), Precision::kExact, *stream_);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("3 query heads"));
}

TEST(AttentionPlan, SplitsALongRowAndLeavesManyRowsWhole) {
  void* const pages[] = {nullptr, nullptr};
  cpu::AttentionPlan plan;
  const AttentionRow row{pages, 1000};
  plan.Build({&row, 1}, 3, 3, 2);
  EXPECT_EQ(plan.units.size(), 12u);  // three heads of four segments
  EXPECT_EQ(plan.shares, 3);
  plan.Build({&row, 1}, 3, 3, 1);
  EXPECT_EQ(plan.units.size(), 3u);
  std::vector<AttentionRow> rows;
  for (int i = 0; i < 320; ++i) rows.push_back({pages, 1000 + i});
  plan.Build(rows, 3, 3, 2);
  EXPECT_EQ(plan.shares, 0);
  EXPECT_EQ(plan.units.size(), 30u);
  EXPECT_GE(plan.units.front().cost, plan.units.back().cost);
  plan.Build({}, 3, 3, 2);
  EXPECT_TRUE(plan.units.empty());
}

}  // namespace
}  // namespace retort

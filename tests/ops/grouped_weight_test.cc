#include "core/ops/cpu/grouped_weight.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/ops/cpu/matmul_kernels.h"
#include "core/ops/cpu/pack_rows.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/simd_targets.h"
#include "tests/support/weight_types.h"

namespace retort::cpu {
namespace {

TEST(GroupedWeight, InterleavesRowsAndPadsWithZeros) {
  const auto device = std::move(OpenDevice("cpu", 2).value());
  WeightArena arena(*device);
  const std::vector<float> values = RandomFloats(19 * 64, 1);
  std::vector<BlockQ4_1> rows(19 * 2);
  QuantiseRow(DType::kQ4_1, values.data(), rows.data(), 19 * 64);
  const auto weight = std::move(GroupedWeight::Pack(arena, 2, DType::kQ4_1, rows.data(), 19, 64).value());
  EXPECT_EQ(weight->group_count(), 2);
  EXPECT_EQ(weight->owned_bytes(), 2 * 2 * sizeof(GroupQ4_1));
  for (size_t row = 0; row < 32; ++row) {
    for (size_t block = 0; block < 2; ++block) {
      const GroupQ4_1& group =
          reinterpret_cast<const GroupQ4_1*>(weight->Group(static_cast<int64_t>(row / kGroupRows)))[block];
      BlockQ4_1 back{group.d[row % kGroupRows], group.m[row % kGroupRows], {}};
      for (size_t i = 0; i < 16; ++i) back.q[i] = group.q[i / 4][row % kGroupRows][i % 4];
      const BlockQ4_1 expected = row < 19 ? rows[row * 2 + block] : BlockQ4_1{};
      EXPECT_EQ(std::memcmp(&back, &expected, sizeof back), 0) << "row " << row << " block " << block;
    }
  }
}

TEST(GroupedWeight, GivesEveryRowBackAsItWas) {
  const auto device = std::move(OpenDevice("cpu", 2).value());
  WeightArena arena(*device);
  constexpr int64_t kRows = 19, kInputs = 512;
  const std::vector<float> values = RandomFloats(kRows * kInputs, 1);
  for (const DType type : testing::kWeightTypes) {
    std::vector<std::byte> rows(DTypeRowBytes(type, kRows * kInputs));
    QuantiseRow(type, values.data(), rows.data(), kRows * kInputs);
    const auto weight = std::move(GroupedWeight::Pack(arena, 2, type, rows.data(), kRows, kInputs).value());
    std::vector<float> panel(32 * kInputs);
    ExpandWeights(*weight, 0, 1, panel.data(), 32);
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<float> expected(kInputs), got(kInputs);
      DequantiseRow(type, rows.data() + row * static_cast<int64_t>(DTypeRowBytes(type, kInputs)), expected.data(),
                    kInputs);
      weight->ExpandRow(row, got.data());
      ASSERT_EQ(got, expected) << DTypeName(type) << " row " << row;
      for (int64_t i = 0; i < kInputs; ++i) {
        // With one rounding less where the processor multiplies and adds at once.
        ASSERT_NEAR(panel[static_cast<size_t>(i * 32 + row)], expected[static_cast<size_t>(i)], 1e-6)
            << DTypeName(type);
      }
    }
  }
}

TEST(GroupedWeight, InterleavesFloatsOfAnyShapeOnEveryInstructionSet) {
  ForEachTarget([] {
    for (const int count : {1, 3, 4, 7, 8, 20, 31, 32}) {
      for (const int64_t k : {1, 7, 16, 33, 64, 100}) {
        std::vector<uint16_t> halves(static_cast<size_t>(count * k));
        std::vector<uint32_t> floats(halves.size());
        for (size_t i = 0; i < halves.size(); ++i) {
          halves[i] = static_cast<uint16_t>(i + 1);
          floats[i] = static_cast<uint32_t>(i + 1) << 16 | 1;
        }
        constexpr uint32_t kUntouched = 7;
        std::vector<uint16_t> half_group(static_cast<size_t>(k * kFloatGroupRows), kUntouched);
        std::vector<uint32_t> float_group(half_group.size(), kUntouched);
        PackRows(DType::kF16, halves.data(), k, count, half_group.data());
        PackRows(DType::kF32, floats.data(), k, count, float_group.data());
        for (size_t i = 0; i < half_group.size(); ++i) {
          const size_t row = i % kFloatGroupRows, from = row * static_cast<size_t>(k) + i / kFloatGroupRows;
          const bool there = row < static_cast<size_t>(count);
          ASSERT_EQ(half_group[i], there ? halves[from] : kUntouched) << count << " rows of " << k << ", place " << i;
          ASSERT_EQ(float_group[i], there ? floats[from] : kUntouched) << count << " rows of " << k << ", place " << i;
        }
      }
    }
  });
}

TEST(GroupedWeight, CountsTheMemoryItAddsForEveryType) {
  const auto device = std::move(OpenDevice("cpu", 1).value());
  WeightArena arena(*device);
  for (const DType type : testing::kWeightTypes) {
    const std::vector<std::byte> data(DTypeRowBytes(type, 256) * 32);
    const auto weight = std::move(GroupedWeight::Pack(arena, 1, type, data.data(), 32, 256).value());
    // Scales of six bits take a byte each: 4 bytes more for a row of 256.
    const size_t more = type == DType::kQ4_K || type == DType::kQ5_K ? size_t{4} * 32 : 0;
    EXPECT_EQ(weight->owned_bytes(), data.size() + more) << DTypeName(type);
  }
}

TEST(WeightArena, GivesAlignedMemoryThatDoesNotOverlapAndOutlivesIt) {
  const auto device = std::move(OpenDevice("cpu", 1).value());
  std::vector<std::pair<WeightMemory, size_t>> given;
  {
    WeightArena arena(*device);
    for (const size_t bytes :
         {size_t{1}, size_t{64}, size_t{100}, size_t{40} << 20, size_t{31} << 20, size_t{3} << 20, size_t{5}}) {
      given.emplace_back(std::move(arena.Allocate(bytes).value()), bytes);
      std::memset(given.back().first.get(), static_cast<int>(given.size()), bytes);
    }
  }
  for (size_t i = 0; i < given.size(); ++i) {
    const auto& [memory, bytes] = given[i];
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.get()) % 64, 0U);
    EXPECT_EQ(memory.get()[0], static_cast<std::byte>(i + 1));
    EXPECT_EQ(memory.get()[bytes - 1], static_cast<std::byte>(i + 1));
  }
}

TEST(WeightArena, PassesOnThatThereIsNoMemory) {
  const auto device = std::move(OpenDevice("cpu", 1).value());
  WeightArena arena(*device);
  EXPECT_EQ(arena.Allocate(size_t{1} << 60).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(arena.Allocate(100).ok());
}

}  // namespace
}  // namespace retort::cpu

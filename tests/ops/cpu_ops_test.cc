// Every operation of `cpu` against `ref`, for each instruction set, with one thread and with two.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/ops/ops.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/cuda/op_parity.h"
#include "tests/ops/simd_targets.h"

namespace retort {
namespace {

class CpuOps : public ::testing::TestWithParam<int> {
 protected:
  std::shared_ptr<Device> ref_device_ = std::move(OpenDevice("ref").value());
  std::shared_ptr<Device> device_ = std::move(OpenDevice("cpu", GetParam()).value());
  std::unique_ptr<OpSet> ref_ = std::move(MakeOpSet(*ref_device_).value());
  std::unique_ptr<OpSet> ops_ = std::move(MakeOpSet(*device_).value());
  std::unique_ptr<Stream> stream_ = std::move(device_->CreateStream().value());
};
INSTANTIATE_TEST_SUITE_P(Threads, CpuOps, ::testing::Values(1, 2));

TEST_P(CpuOps, ExactMatMulAgreesWithRef) {
  ForEachTarget([&] { ExpectMatMulAgrees(*ref_, *ops_); });
}
TEST_P(CpuOps, EmbedAgreesWithRef) {
  ForEachTarget([&] { ExpectEmbedAgrees(*ref_, *ops_); });
}
TEST_P(CpuOps, RowOperationsAgreeWithRef) {
  ForEachTarget([&] { ExpectRowOperationsAgree(*ref_, *ops_); });
}
TEST_P(CpuOps, RopeAgreesWithRef) {
  ForEachTarget([&] { ExpectRopeAgrees(*ref_, *ops_); });
}
TEST_P(CpuOps, AttentionAgreesWithRef) {
  ForEachTarget([&] { ExpectAttentionAgrees(*ref_, *ops_); });
}

TEST_P(CpuOps, SiluOfLargeValuesIsFinite) {
  ForEachTarget([&] {
    const std::vector<float> gate = {-1e30f, -200, -89, -88, -10, 0, 10, 88, 200, 1e30f};
    std::vector<float> gate_up = gate, out(gate.size());
    gate_up.resize(2 * gate.size(), 1.0f);
    ASSERT_TRUE(ops_->SiluMul(gate_up.data(), out.data(), 1, static_cast<int64_t>(gate.size()), *stream_).ok());
    for (size_t i = 0; i < gate.size(); ++i) {
      const double exact = static_cast<double>(gate[i]) / (1 + std::exp(-static_cast<double>(gate[i])));
      EXPECT_NEAR(out[i], exact, std::fabs(exact) * 1e-6 + 1e-30) << gate[i];
    }
  });
}

/// Attention over `t` rows of sequences of different lengths; rows are the same whatever t.
std::vector<float> AttendRows(OpSet& ops, Stream& stream, size_t t, DType type) {
  constexpr int kHeads = 9, kKvHeads = 3, kDim = 64, kPages = 6;
  const KvLayout layout{1, kKvHeads, kDim, type};
  std::vector<std::vector<std::byte>> pages;
  std::vector<void*> table;
  for (uint32_t p = 0; p < kPages; ++p) {
    pages.emplace_back(layout.page_bytes());
    const auto elements = static_cast<int64_t>(layout.page_bytes() / (type == DType::kF32 ? 4 : 2));
    QuantiseRow(type, RandomFloats(static_cast<size_t>(elements), p).data(), pages.back().data(), elements);
    table.push_back(pages.back().data());
  }
  const std::vector<float> q = RandomFloats(17 * kHeads * kDim, 77);
  std::vector<AttentionRow> rows;
  for (size_t i = 0; i < t; ++i)
    rows.push_back({table.data(), static_cast<int32_t>(i * 37 % (kPages * kKvPageTokens))});
  std::vector<float> out(t * kHeads * kDim);
  EXPECT_TRUE(
      ops.Attention(q.data(), kHeads * kDim, rows, layout, 0, kHeads, 0.125f, out.data(), Precision::kExact, stream)
          .ok());
  return out;
}

TEST_P(CpuOps, AttentionOfARowIsTheSameBitsInAnyBatch) {
  const auto other_device = std::move(OpenDevice("cpu", 3 - GetParam()).value());
  const auto other = std::move(MakeOpSet(*other_device).value());
  ForEachTarget([&] {
    for (const DType type : {DType::kF32, DType::kF16}) {
      const std::vector<float> all = AttendRows(*ops_, *stream_, 17, type);
      EXPECT_EQ(all, AttendRows(*other, *stream_, 17, type));
      for (size_t t = 1; t < 17; ++t) {
        const std::vector<float> some = AttendRows(*ops_, *stream_, t, type);
        ASSERT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << "t=" << t;
      }
    }
  });
}

TEST_P(CpuOps, RowsOfNormAndGateAreTheSameBitsInAnyBatch) {
  constexpr size_t kWidth = 576;
  const std::vector<float> x = RandomFloats(2 * 17 * kWidth, 5), weight = RandomFloats(kWidth, 6);
  ForEachTarget([&] {
    std::vector<float> norms(17 * kWidth), gates(17 * kWidth);
    ASSERT_TRUE(ops_->RmsNorm(x.data(), weight.data(), 1e-5f, norms.data(), 17, kWidth, *stream_).ok());
    ASSERT_TRUE(ops_->SiluMul(x.data(), gates.data(), 17, kWidth, *stream_).ok());
    for (size_t i = 0; i < 17; ++i) {
      std::vector<float> one(kWidth);
      ASSERT_TRUE(ops_->RmsNorm(x.data() + i * kWidth, weight.data(), 1e-5f, one.data(), 1, kWidth, *stream_).ok());
      ASSERT_TRUE(std::equal(one.begin(), one.end(), norms.begin() + static_cast<long>(i * kWidth))) << i;
      ASSERT_TRUE(ops_->SiluMul(x.data() + 2 * i * kWidth, one.data(), 1, kWidth, *stream_).ok());
      ASSERT_TRUE(std::equal(one.begin(), one.end(), gates.begin() + static_cast<long>(i * kWidth))) << i;
    }
  });
}

}  // namespace
}  // namespace retort

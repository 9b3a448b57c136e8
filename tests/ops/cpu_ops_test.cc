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

TEST_P(CpuOps, MoveKvAgreesWithRef) { ExpectMoveKvAgrees(*ref_, *ops_); }

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

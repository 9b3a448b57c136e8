// The CUDA kernels' functors and the OpSet over them, run on the CPU by host_launch.cc, against `ref`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/device/device.h"
#include "core/ops/cuda/kernel_op_set.h"
#include "core/ops/cuda/kernels/elements.h"
#include "core/ops/cuda/staging.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/cuda/op_parity.h"

namespace retort {
namespace {

using ::testing::HasSubstr;

class CudaKernelsOnTheCpu : public ::testing::Test {
 protected:
  std::shared_ptr<Device> device_ = OpenDevice("ref").value();
  std::unique_ptr<OpSet> oracle_ = std::move(MakeOpSet(*device_).value());
  std::unique_ptr<cuda::KernelOpSet> subject_ = std::move(cuda::KernelOpSet::Create(*device_).value());
};

TEST_F(CudaKernelsOnTheCpu, MatMulAgreesWithRef) { ExpectMatMulAgrees(*oracle_, *subject_); }
TEST_F(CudaKernelsOnTheCpu, MatMulIsTheSameInAnyBatch) { ExpectMatMulIsTheSameInAnyBatch(*subject_); }
TEST_F(CudaKernelsOnTheCpu, EmbedAgreesWithRef) { ExpectEmbedAgrees(*oracle_, *subject_); }
TEST_F(CudaKernelsOnTheCpu, RowOperationsAgreeWithRef) { ExpectRowOperationsAgree(*oracle_, *subject_); }
TEST_F(CudaKernelsOnTheCpu, RopeAgreesWithRef) { ExpectRopeAgrees(*oracle_, *subject_); }
TEST_F(CudaKernelsOnTheCpu, AttentionAgreesWithRef) { ExpectAttentionAgrees(*oracle_, *subject_); }

TEST_F(CudaKernelsOnTheCpu, MoveKvAgreesWithRef) { ExpectMoveKvAgrees(*oracle_, *subject_); }

TEST_F(CudaKernelsOnTheCpu, AttentionAgreesWhenScoresFitFewRowsAtATime) {
  for (const int64_t floats : {1, 2000}) {  // a row a pass; some rows a pass
    auto small = cuda::KernelOpSet::Create(*device_, floats);
    ASSERT_TRUE(small.ok());
    ExpectAttentionAgrees(*oracle_, **small);
  }
}

TEST_F(CudaKernelsOnTheCpu, RefusesWhatTheyCannotDo) {
  const std::vector<float> weight(64);
  const auto integers = subject_->PackWeight(DType::kI32, weight.data(), 1, 64);
  EXPECT_EQ(integers.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(integers.status().message(), HasSubstr("i32"));
  const auto ragged = subject_->PackWeight(DType::kQ4_1, weight.data(), 1, 33);
  EXPECT_EQ(ragged.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(ragged.status().message(), HasSubstr("multiple of 32, got [1, 33]"));

  auto packed = subject_->PackWeight(DType::kF32, weight.data(), 2, 32);
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ((*packed)->owned_bytes(), 256U);
  auto stream = std::move(device_->CreateStream().value());
  std::vector<float> out(64);
  const std::vector<int32_t> ids = {1, 2};
  const Status outside = subject_->Embed(**packed, ids.data(), out.data(), 2, *stream);
  EXPECT_EQ(outside.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(outside.message(), HasSubstr("token 1 of the step has id 2, expected 0 to 1"));

  void* pages[] = {out.data()};
  const AttentionRow row{pages, 0};
  const KvLayout halves{1, 1, 1, DType::kBF16};
  EXPECT_EQ(subject_->StoreKv(out.data(), out.data(), 1, {&row, 1}, halves, 0, *stream).code(),
            StatusCode::kUnsupported);
  const KvLayout uneven{1, 2, 1, DType::kF32};
  EXPECT_EQ(
      subject_->Attention(out.data(), 3, {&row, 1}, uneven, 0, 3, 1.0f, out.data(), Precision::kExact, *stream).code(),
      StatusCode::kInvalidArgument);
}

TEST_F(CudaKernelsOnTheCpu, ReportWhatServedEachMatrix) {
  ExpectMatMulIsTheSameInAnyBatch(*subject_);
  const std::vector<std::string> report = subject_->DispatchReport();
  EXPECT_THAT(report, ::testing::Contains("matmul q4_1 [40, 576]: warp an output row, 1 tokens each"));
  EXPECT_THAT(report, ::testing::Contains(HasSubstr("8 tokens each; fast: int8 activations declined")));
}

TEST_F(CudaKernelsOnTheCpu, StagingKeepsEachBlockUntilTheNext) {
  cuda::Staging staging(*device_);
  auto stream = std::move(device_->CreateStream().value());
  for (const size_t bytes : {100UL, 500000UL, 500000UL, 500000UL, 3000000UL, 64UL}) {  // wraps, then grows
    const std::string data(bytes, static_cast<char>('a' + bytes % 7));
    auto staged = staging.Put(data.data(), bytes, *stream);
    ASSERT_TRUE(staged.ok());
    EXPECT_EQ(std::memcmp(*staged, data.data(), bytes), 0) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(*staged) % 64, 0U) << bytes;
  }
}

TEST(CudaHalfs, EqualThoseOfTheTensorLayer) {
  for (uint32_t h = 0; h <= 0xffff; ++h) {
    const auto half = static_cast<uint16_t>(h);
    const float expected = HalfToFloat(half);
    const float got = cuda::LoadHalf(half);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got)) << h;
      ASSERT_TRUE(std::isnan(HalfToFloat(cuda::RoundToHalf(got)))) << h;
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(got), std::bit_cast<uint32_t>(expected)) << h;
    // The half itself, what lies half-way to the next one, and its neighbours on both sides.
    const float next = std::isinf(expected) ? expected : HalfToFloat(static_cast<uint16_t>(half + 1));
    const float middle = std::isfinite(next) ? expected + (next - expected) / 2 : expected;
    for (const float value : {expected, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
      ASSERT_EQ(cuda::RoundToHalf(value), FloatToHalf(value)) << value;
    }
  }
  for (const float value : {65504.0f, 65519.99f, 65520.0f, 65536.0f, 1e30f, -1e30f, 1e-30f, -0.0f}) {
    EXPECT_EQ(cuda::RoundToHalf(value), FloatToHalf(value)) << value;
  }
}

}  // namespace
}  // namespace retort

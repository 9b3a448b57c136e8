// `ref` is the oracle of all other tests, so here it meets numbers worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/ops/ops.h"

namespace retort {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class RefOps : public ::testing::Test {
 protected:
  std::shared_ptr<Device> device_ = std::move(OpenDevice("ref").value());
  std::unique_ptr<OpSet> ops_ = std::move(MakeOpSet(*device_).value());
  std::unique_ptr<Stream> stream_ = std::move(device_->CreateStream().value());
};

TEST_F(RefOps, MatMulMultipliesByTheTransposeAndAccumulates) {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6};  // [2, 3]
  const auto packed = std::move(ops_->PackWeight(DType::kF32, w.data(), 2, 3).value());
  const std::vector<float> x = {1, 0, -1, 2, 2, 2};   // [2, 3]
  std::vector<float> y = {100, 100, 7, 100, 100, 7};  // rows three apart
  ASSERT_TRUE(ops_->MatMul(x.data(), *packed, y.data(), 2, 3, false, Precision::kExact, *stream_).ok());
  EXPECT_EQ(y, (std::vector<float>{-2, -2, 7, 12, 30, 7}));
  ASSERT_TRUE(ops_->MatMul(x.data(), *packed, y.data(), 2, 3, true, Precision::kFast, *stream_).ok());
  EXPECT_EQ(y, (std::vector<float>{-4, -4, 7, 24, 60, 7}));
}

TEST_F(RefOps, RmsNormDividesByTheRootMeanSquare) {
  const std::vector<float> x = {3, 4, -3, -4}, weight = {1, 1, 2, 0.5f};
  std::vector<float> y(4);
  ASSERT_TRUE(ops_->RmsNorm(x.data(), weight.data(), 0.0f, y.data(), 1, 4, *stream_).ok());
  const float rms = std::sqrt(12.5f);
  EXPECT_THAT(y, Pointwise(FloatNear(1e-6f), std::vector<float>{3 / rms, 4 / rms, -6 / rms, -2 / rms}));
}

TEST_F(RefOps, RmsNormHeadsNormalisesEachHeadAndLeavesTheRest) {
  std::vector<float> x = {3, 4, -3, -4, 9, 1, 1, 2, 0, 9};  // two heads of two a row, rows five apart
  const std::vector<float> weight = {1, 2};
  ASSERT_TRUE(ops_->RmsNormHeads(x.data(), weight.data(), 0.0f, 2, 2, 2, 5, *stream_).ok());
  const float a = std::sqrt(12.5f), b = std::sqrt(2.0f);
  EXPECT_THAT(x, Pointwise(FloatNear(1e-6f), std::vector<float>{3 / a, 8 / a, -3 / a, -8 / a, 9, 1, 2, 2 / b, 0, 9}));
}

TEST_F(RefOps, RopeRotatesPairsOfBothKinds) {
  const float inv_freq[] = {1.0f, 0.5f};
  const int32_t position = 2;
  for (const bool neox : {false, true}) {
    std::vector<float> q = {1, 0, 0, 1, 9}, k = {0, 1, 1, 0};  // head of 5, of which 4 are rotated
    q.resize(5);
    k.resize(5, 9.0f);
    ASSERT_TRUE(ops_->Rope(q.data(), k.data(), &position, inv_freq, 1, 1, 1, 5, 4, 5, neox, *stream_).ok());
    const float c0 = std::cos(2.0f), s0 = std::sin(2.0f), c1 = std::cos(1.0f), s1 = std::sin(1.0f);
    const std::vector<float> expected_q =
        neox ? std::vector<float>{c0, -s1, s0, c1, 9} : std::vector<float>{c0, s0, -s1, c1, 9};
    const std::vector<float> expected_k =
        neox ? std::vector<float>{-s0, c1, c0, s1, 9} : std::vector<float>{-s0, c0, c1, s1, 9};
    EXPECT_THAT(q, Pointwise(FloatNear(1e-6f), expected_q)) << neox;
    EXPECT_THAT(k, Pointwise(FloatNear(1e-6f), expected_k)) << neox;
  }
}

TEST_F(RefOps, AttentionIsASoftmaxOverThePastAndOneself) {
  const KvLayout layout{1, 1, 2, DType::kF32};
  std::vector<float> page(layout.page_bytes() / sizeof(float));
  void* const pages[] = {page.data()};
  const AttentionRow rows[] = {{pages, 0}, {pages, 1}};
  const std::vector<float> k = {1, 0, 0, 1}, v = {10, 20, 30, 40};
  ASSERT_TRUE(ops_->StoreKv(k.data(), v.data(), 2, rows, layout, 0, *stream_).ok());
  const std::vector<float> q = {5, 5, std::log(3.0f), 0};
  std::vector<float> out(4);
  ASSERT_TRUE(ops_->Attention(q.data(), 2, rows, layout, 0, 1, 1.0f, out.data(), Precision::kExact, *stream_).ok());
  // The second row's weights are 3 : 1.
  EXPECT_THAT(out, Pointwise(FloatNear(1e-5f), std::vector<float>{10, 20, 15, 25}));
}

TEST_F(RefOps, SiluMulAndAddBias) {
  const std::vector<float> gate_up = {0, 1, -1, 2, 3, 4};
  std::vector<float> out(3);
  ASSERT_TRUE(ops_->SiluMul(gate_up.data(), out.data(), 1, 3, *stream_).ok());
  EXPECT_THAT(out, Pointwise(FloatNear(1e-5f), std::vector<float>{0, 2.1931758f, -1.0757657f}));
  std::vector<float> y = {1, 2, 5, 3, 4, 5};
  const std::vector<float> bias = {10, 20};
  ASSERT_TRUE(ops_->AddBias(y.data(), bias.data(), 2, 2, 3, *stream_).ok());
  EXPECT_EQ(y, (std::vector<float>{11, 22, 5, 13, 24, 5}));
}

TEST_F(RefOps, EmbedPicksRows) {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6};
  const auto packed = std::move(ops_->PackWeight(DType::kF32, w.data(), 3, 2).value());
  const int32_t ids[] = {2, 0, 2};
  std::vector<float> out(6);
  ASSERT_TRUE(ops_->Embed(*packed, ids, out.data(), 3, *stream_).ok());
  EXPECT_EQ(out, (std::vector<float>{5, 6, 1, 2, 5, 6}));
}

TEST(PackWeight, RefusesShapesAndTypesItCannotServe) {
  for (const char* name : {"ref", "cpu"}) {
    const auto device = std::move(OpenDevice(name, 1).value());
    const auto ops = std::move(MakeOpSet(*device).value());
    const float data[64] = {};
    EXPECT_EQ(ops->PackWeight(DType::kI32, data, 1, 1).status().code(), StatusCode::kUnsupported) << name;
    EXPECT_EQ(ops->PackWeight(DType::kF32, data, 0, 4).status().code(), StatusCode::kInvalidArgument) << name;
    const Status status = ops->PackWeight(DType::kQ4_1, data, 2, 33).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(status.message(), HasSubstr("[2, 33]")) << name;
    EXPECT_THAT(status.message(), HasSubstr("multiple of 32")) << name;
  }
}

}  // namespace
}  // namespace retort

// Sampling and keyed random numbers through the ABI.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/model/sampler.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort::testing {
namespace {

using ::testing::HasSubstr;

const retort_host& Host() { return HostServices(); }

class SamplingServicesTest : public ::testing::Test {
 protected:
  void SetUp() override { record_.id = "r"; }
  std::string Message() { return std::string(ViewOf(Host().last_error())); }
  Record record_;
  retort_record* const handle_ = ToHandle(&record_);
};

TEST_F(SamplingServicesTest, GreedySamplingTakesTheFirstOfTheLargest) {
  std::vector<float> logits(49152, -1.0f);
  logits[777] = logits[40000] = 3.0f;
  const retort_sampling greedy = {sizeof greedy, 0, 0, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0};
  int32_t token = -1;
  ASSERT_EQ(Host().sample(handle_, &greedy, logits.data(), logits.size(), nullptr, 0, 0, &token), RETORT_OK);
  EXPECT_EQ(token, 777);
  logits[5] = NAN;
  EXPECT_EQ(Host().sample(handle_, &greedy, logits.data(), logits.size(), nullptr, 0, 9, &token), RETORT_INTERNAL);
  EXPECT_THAT(Message(), HasSubstr("record r, position 9"));
}

TEST_F(SamplingServicesTest, SamplingFollowsItsDistribution) {
  const std::vector<float> logits = {0.0f, 1.0f, 2.0f, -1.0f};
  const int32_t history[] = {2};
  const retort_sampling sampling = {sizeof sampling, 3, 0.8, 1, 0, 1.5, -1, 0, nullptr, 0, nullptr, 0};
  std::vector<float> p(4);
  ASSERT_EQ(Host().distribution(&sampling, logits.data(), 4, history, 1, p.data()), RETORT_OK);
  EXPECT_NEAR(p[0] + p[1] + p[2] + p[3], 1, 1e-6);
  EXPECT_EQ(p[3], 0) << "top_k 3";
  EXPECT_NEAR(p[2] / p[1], std::exp((2 / 1.5 - 1) / 0.8), 1e-4) << "penalised, then heated";
  std::vector<int> drawn(4);
  constexpr int kDraws = 20000;
  for (uint64_t position = 0; position < kDraws; ++position) {
    int32_t token = -1;
    ASSERT_EQ(Host().sample(handle_, &sampling, logits.data(), 4, history, 1, position, &token), RETORT_OK);
    ++drawn.at(static_cast<size_t>(token));
  }
  double chi_square = 0;
  for (size_t i = 0; i < 3; ++i) chi_square += std::pow(drawn[i] - kDraws * p[i], 2) / (kDraws * p[i]);
  EXPECT_LT(chi_square, 13.8) << "two degrees of freedom, p = 0.001";
  EXPECT_EQ(drawn[3], 0);
}

TEST_F(SamplingServicesTest, SamplingIsKeyedAsDocumented) {
  record_.run_seed = 11;
  std::vector<float> logits(100, 0.0f);
  const retort_sampling flat = {sizeof flat, 0, 1, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0};
  Sampler sampler(SamplingParams{.temperature = 1});
  for (uint64_t position = 0; position < 20; ++position) {
    int32_t token = -1;
    ASSERT_EQ(Host().sample(handle_, &flat, logits.data(), logits.size(), nullptr, 0, position, &token), RETORT_OK);
    const double u = RandomUniform({11, HashName("r"), HashName("sample"), position, 0});
    EXPECT_EQ(token, *sampler.Sample(logits, {}, u));
  }
  EXPECT_EQ(Host().random_uniform(handle_, ToAbi("sample"), 3, 0),
            RandomUniform({11, HashName("r"), HashName("sample"), 3, 0}));
}

TEST_F(SamplingServicesTest, WrongSamplingIsRefused) {
  const std::vector<float> logits(4);
  int32_t token = 0;
  const auto refused = [&](retort_sampling sampling) {
    EXPECT_EQ(Host().sample(handle_, &sampling, logits.data(), 4, nullptr, 0, 0, &token), RETORT_INVALID_ARGUMENT);
    return Message();
  };
  constexpr uint32_t kSize = sizeof(retort_sampling);
  EXPECT_THAT(refused({kSize, 0, -1, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("temperature"));
  EXPECT_THAT(refused({kSize, 0, NAN, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("temperature"));
  EXPECT_THAT(refused({kSize, -1, 1, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("top_k"));
  EXPECT_THAT(refused({kSize, 0, 1, 0, 0, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("top_p"));
  EXPECT_THAT(refused({kSize, 0, 1, 1, 2, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("min_p"));
  EXPECT_THAT(refused({kSize, 0, 1, 1, 0, 0, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("repetition_penalty"));
  EXPECT_THAT(refused({4, 0, 1, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0}), HasSubstr("retort_sampling.size"));
  const retort_sampling good = {kSize, 0, 1, 1, 0, 1, -1, 0, nullptr, 0, nullptr, 0};
  EXPECT_EQ(Host().sample(handle_, &good, logits.data(), 0, nullptr, 0, 0, &token), RETORT_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace retort::testing

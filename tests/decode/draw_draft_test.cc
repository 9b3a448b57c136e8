#include "core/decode/draw_draft.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/decode/goodness_of_fit.h"

namespace retort {
namespace {

const std::vector<float> kLogits = {0.0f, 1.0f, 2.0f, -1.0f};

TEST(DrawDraft, DrawsFromTheRowThatItGives) {
  Sampler sampler({.temperature = 0.8, .top_k = 3});
  std::vector<uint64_t> counts(4);
  std::vector<float> q;
  for (uint64_t i = 0; i < 100000; ++i) {
    const double u = RandomUniform({1, 2, 3, i, 0});
    ++counts[static_cast<size_t>(*DrawDraft(sampler, kLogits, {}, u, {}, InjectedFault::kNone, &q))];
  }
  EXPECT_GT(CompareCounts(std::vector<double>(q.begin(), q.end()), counts).p_value, 0.001);
  EXPECT_EQ(q[3], 0) << "top_k";
}

TEST(DrawDraft, SiblingsDoNotComeAgain) {
  Sampler sampler({.temperature = 1, .top_k = 2});
  std::vector<float> q;
  const std::vector<int32_t> first = {2}, both = {2, 1};
  EXPECT_EQ(*DrawDraft(sampler, kLogits, {}, 0.5, first, InjectedFault::kNone, &q), 1);
  EXPECT_EQ(q, (std::vector<float>{0, 1, 0, 0}));
  EXPECT_EQ(*DrawDraft(sampler, kLogits, {}, 0.5, both, InjectedFault::kNone, &q), -1) << "nothing is left";
}

TEST(DrawDraft, BrokenLogitsAreErrors) {
  Sampler sampler({.temperature = 1});
  std::vector<float> logits = kLogits, q;
  logits[1] = std::nanf("");
  EXPECT_EQ(DrawDraft(sampler, logits, {}, 0.5, {}, InjectedFault::kNone, &q).status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace retort

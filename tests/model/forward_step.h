// Tokens for tests of the forward step, and a step of one sequence.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/model/model.h"

namespace retort::testing {

/// `count` tokens of a vocabulary; the tiny models' has 270.
inline std::vector<int32_t> Tokens(size_t count, uint64_t seed, int32_t vocab = 270) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>(RandomBits({seed, 0, 0, i, 0}) % static_cast<uint64_t>(vocab)));
  }
  return tokens;
}

/// Feed tokens and return the logits of those from `first` on.
inline std::vector<float> Feed(Model& model, KvSequence& kv, std::span<const int32_t> tokens, size_t first = 0) {
  std::span<const float> logits;
  const ForwardItem item{&kv, tokens, first};
  const Status status = model.Forward({&item, 1}, &logits);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return {logits.begin(), logits.end()};
}

}  // namespace retort::testing

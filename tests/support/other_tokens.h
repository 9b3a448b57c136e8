// A model with the weights of another one and a tokenizer of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace retort::testing {

struct OtherTokens {
  uint64_t seed = 1;          // of the order of the ids
  size_t dropped_merges = 0;  // the last ones, with the tokens that only they make
};

/// Read the GGUF file `from`, give its tokens other ids, move the rows of embedding and output with them, and write
/// `to`, which is returned. Aborts the test program where that fails.
std::string WriteWithOtherTokens(const std::string& from, const std::string& to, const OtherTokens& options);

}  // namespace retort::testing

// Counter-based random numbers (Philox 4x32-10): a draw depends only on its key, never on timing,
// thread or batch, so a rerun with the same seed gives the same text.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace retort {

/// One Philox block: 10 rounds over a 128-bit counter with a 64-bit key.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Where a draw stands. Two different keys give independent draws.
struct RandomKey {
  uint64_t seed = 0;      // of the run
  uint64_t record = 0;    // HashName(record id)
  uint64_t stream = 0;    // HashName(purpose), e.g. "sample"
  uint64_t position = 0;  // of the token in the sequence
  uint32_t draw = 0;      // several draws at one position
};

/// 64 random bits for `key`.
uint64_t RandomBits(const RandomKey& key);

/// Uniform in [0, 1), 53 bits.
double RandomUniform(const RandomKey& key);

/// Stable 64-bit hash of a name (FNV-1a with a final mix); the same on every platform.
uint64_t HashName(std::string_view name);

}  // namespace retort

// The rotations of a step's positions: every layer asks for the same ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/device/cpu/parallel.h"
#include "core/ops/cpu/row_kernels.h"

namespace retort::cpu {

class RotationTables {
 public:
  /// [t][2 * rope_dim]: the cosines and the sines of each position. Valid until the next call.
  const float* For(const int32_t* positions, int64_t t, const float* inverse_frequencies, int rope_dim, bool neox,
                   int threads) {
    const bool same = inverse_frequencies == inverse_frequencies_ && rope_dim == rope_dim_ && neox == neox_ &&
                      std::equal(positions, positions + t, positions_.begin(), positions_.end());
    if (same) return table_.data();
    positions_.assign(positions, positions + t);
    inverse_frequencies_ = inverse_frequencies;
    rope_dim_ = rope_dim;
    neox_ = neox;
    table_.resize(static_cast<size_t>(t * 2 * rope_dim));
    ParallelFor(t, 8, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* const cosines = table_.data() + i * 2 * rope_dim;
        RotationTable(positions[i], inverse_frequencies, rope_dim, neox, cosines, cosines + rope_dim);
      }
    });
    return table_.data();
  }

 private:
  std::vector<int32_t> positions_;
  const float* inverse_frequencies_ = nullptr;  // of one model: it does not change what it points to
  int rope_dim_ = 0;
  bool neox_ = false;
  std::vector<float> table_;
};

}  // namespace retort::cpu

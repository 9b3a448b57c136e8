// Whether a processor is helped by asking for weights ahead of their use, found out while it works.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace retort::cpu {

/// For products of so few rows that reading the weights is what takes time. AMD's first Zen cores read half as much
/// again when asked ahead, Intel's Emerald Rapids twice as many half floats; Zen's fourth ones, whose own prefetchers
/// then step back, a quarter less. The sums are the same bits either way, so the first products try both and the rest
/// follow the faster.
class PrefetchChoice {
 public:
  /// What the next product should do.
  bool Next() const { return trials_ < kTrials ? trials_ % 2 == 1 : best_[1] > best_[0]; }
  /// How long it took to read so many bytes that way.
  void Learn(bool prefetched, size_t bytes, std::chrono::nanoseconds time) {
    if (trials_ == kTrials || bytes < kLeastBytes || time.count() <= 0) return;
    ++trials_;
    double& best = best_[prefetched ? 1 : 0];
    best = std::max(best, static_cast<double>(bytes) / static_cast<double>(time.count()));
  }

 private:
  static constexpr int kTrials = 64;
  static constexpr size_t kLeastBytes = size_t{1} << 18;  // shorter products say more of the clock
  int trials_ = 0;
  std::array<double, 2> best_ = {};
};

}  // namespace retort::cpu

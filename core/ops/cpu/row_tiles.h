// The rows of a step, cut into tiles that a kernel's registers hold.
#pragma once

#include <cstdint>

namespace retort::cpu {

/// As few tiles of at most `most` rows as hold `rows`, of sizes that differ by one at most.
class RowTiles {
 public:
  RowTiles() = default;
  RowTiles(int64_t rows, int64_t most) : rows_(rows), count_((rows + most - 1) / most) {}
  int64_t rows() const { return rows_; }
  int64_t count() const { return count_; }
  int64_t Begin(int64_t tile) const { return rows_ * tile / count_; }
  int Size(int64_t tile) const { return static_cast<int>(Begin(tile + 1) - Begin(tile)); }

 private:
  int64_t rows_ = 0, count_ = 0;
};

}  // namespace retort::cpu

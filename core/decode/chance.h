// The random numbers of one block: each has a key of its own, so that none is ever used for two decisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace retort {

/// A block is known by the index of the first token that it decides; blocks of a record begin at different ones, since
/// each adds a token at least. What a block rejected is drafted anew under the keys of the next block: block
/// verification looks at tokens beyond those that it keeps, and their chance must not come back.
struct BlockChance {
  uint64_t seed = 0;    // of the run
  uint64_t record = 0;  // HashName(record id)
  size_t begin = 0;     // index in the sequence of the first token that the block decides

  /// For the token at `position` of the sequence as plain decoding draws it; all of these are uniform in [0, 1).
  double Token(size_t position) const;
  /// Draw number `index` of the drafter; whether draft token `index` stands; what replaces a rejected one.
  double Draft(size_t index) const;
  double Accept(size_t index) const;
  double Residual() const;

 private:
  double Uniform(uint64_t stream, size_t index) const;
};

}  // namespace retort

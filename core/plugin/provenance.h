// Who produced which token of a sequence. Kept for the records that somebody asked about, and for no others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace retort {

/// What one commit appended: drafted tokens that were accepted, then what the target gave itself.
struct TokenBlock {
  size_t begin = 0, count = 0;  // in the sequence's tokens
  size_t accepted = 0;          // of these, the first so many were drafted
  std::string drafter;          // "": nothing was drafted
  std::vector<int32_t> draft;   // all that was drafted
  size_t run = 0;               // of the draft, the first so many were verified
  std::vector<int32_t> path;    // of the draft, what was accepted, by index
};

class Provenance {
 public:
  /// A draft was verified; the commit that follows is of its tokens.
  void Verified(TokenBlock block) { pending_ = std::move(block); }
  /// `count` tokens were appended from `begin` on; fewer than were verified where the sequence ended among them.
  void Committed(size_t begin, size_t count) {
    TokenBlock block = std::exchange(pending_, {});
    block.begin = begin;
    block.count = count;
    block.accepted = std::min(block.path.size(), count);
    blocks_.push_back(std::move(block));
  }
  const std::vector<TokenBlock>& blocks() const { return blocks_; }

 private:
  TokenBlock pending_;
  std::vector<TokenBlock> blocks_;
};

}  // namespace retort

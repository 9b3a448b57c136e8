// The texts of a vocabulary's tokens by id, and ids by text. Filled once; const members are thread-safe.
// A vocabulary is read at every start, and tables with a node and a string for each token take most of that time. Here
// all texts lie in one piece of memory, and a search touches one slot and one text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace retort {

class TokenTexts {
 public:
  /// For `count` tokens, no more, of `bytes` bytes in all, which is a guess.
  TokenTexts(size_t count, size_t bytes);

  /// End the next token's text, which is what has been appended to NewText() since the one before.
  void Add() { ends_.push_back(bytes_.size()); }
  std::string& NewText() { return bytes_; }

  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t id) const {
    const size_t begin = id == 0 ? 0 : ends_[id - 1];
    return {bytes_.data() + begin, ends_[id] - begin};
  }

  /// Let Find give `id` for its text, unless it gives another one already; returns the one that it gives.
  int32_t Register(int32_t id);
  /// The registered token of this text, or -1.
  int32_t Find(std::string_view text) const;

 private:
  struct Slot {
    uint32_t hash;
    int32_t id = -1;
  };
  /// Where the text is, or the empty slot where it would be.
  size_t SlotOf(std::string_view text, uint32_t hash) const;

  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<Slot> slots_;  // open addressing, at most half full
};

}  // namespace retort

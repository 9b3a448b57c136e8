// Finds the texts of special tokens in a prompt: at each place the longest. Immutable once filled; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace retort {

class SpecialTokens {
 public:
  struct Match {
    size_t offset = std::string_view::npos;  // npos: none
    size_t size = 0;
    int32_t token = -1;
  };

  /// Returns false where the same text is there already; an empty text is never found.
  bool Add(std::string_view text, int32_t token);
  bool empty() const { return ends_.empty(); }
  /// The first match at or after `from`.
  Match Find(std::string_view text, size_t from) const;

 private:
  static uint64_t Edge(uint32_t node, char byte) { return uint64_t{node} << 8 | static_cast<uint8_t>(byte); }
  bool starts_[256] = {};
  uint32_t nodes_ = 1;                            // node 0 is the root of the trie
  std::unordered_map<uint64_t, uint32_t> edges_;  // (node, byte) to node
  std::unordered_map<uint32_t, int32_t> ends_;    // node to token
};

}  // namespace retort

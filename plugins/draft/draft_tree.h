// A draft that several guesses grow, common beginnings once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace drafting {

class DraftTree {
 public:
  static constexpr int32_t kRoot = -1;  // the sequence's end
  static constexpr int32_t kNone = -2;

  /// No more than `nodes` tokens, none deeper than `depth`.
  DraftTree(size_t nodes, size_t depth) : limit_(nodes), deepest_(depth) {}

  /// The child of `node` with this token, made where there is none; kNone after kNone, or where the tree is full or
  /// deep enough.
  int32_t Add(int32_t node, int32_t token) {
    if (node == kNone) return kNone;
    for (size_t i = static_cast<size_t>(node + 1); i < tokens_.size(); ++i) {
      if (parents_[i] == node && tokens_[i] == token) return static_cast<int32_t>(i);
    }
    const size_t depth = node < 0 ? 1 : depths_[static_cast<size_t>(node)] + 1;
    if (tokens_.size() >= limit_ || depth > deepest_) return kNone;
    tokens_.push_back(token);
    parents_.push_back(node);
    depths_.push_back(depth);
    return static_cast<int32_t>(tokens_.size()) - 1;
  }
  /// A chain of tokens after `node`: its last one.
  int32_t AddAll(int32_t node, std::span<const int32_t> tokens) {
    for (const int32_t token : tokens) node = Add(node, token);
    return node;
  }

  std::span<const int32_t> tokens() const { return tokens_; }
  std::span<const int32_t> parents() const { return parents_; }

 private:
  size_t limit_, deepest_;
  std::vector<int32_t> tokens_, parents_;
  std::vector<size_t> depths_;
};

}  // namespace drafting

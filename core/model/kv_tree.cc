// Trees of drafts in a KvSequence: the paths of their nodes, and keeping one path.
#include <algorithm>
#include <string>

#include "core/model/kv_cache.h"

namespace retort {

Result<std::vector<uint64_t>> KvSequence::PathsOf(std::span<const int32_t> parents) const {
  if (tree_.size() + parents.size() > static_cast<size_t>(kMaxTreeTokens)) {
    return ResourceExhausted("tree of drafts: expected " + std::to_string(kMaxTreeTokens) + " tokens at most, got " +
                             std::to_string(tree_.size() + parents.size()));
  }
  std::vector<uint64_t> paths(tree_.begin(), tree_.end());
  for (const int32_t parent : parents) {
    if (parent < -1 || parent >= static_cast<int32_t>(paths.size())) {
      return InvalidArgument("tree of drafts: the parent of node " + std::to_string(paths.size()) +
                             ": expected a node before it, or -1 for the sequence's end, got " +
                             std::to_string(parent));
    }
    const uint64_t above = parent < 0 ? 0 : paths[static_cast<size_t>(parent)];
    paths.push_back(above | uint64_t{1} << paths.size());
  }
  paths.erase(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(tree_.size()));
  return paths;
}

Status KvSequence::CheckPath(std::span<const int32_t> path) const {
  uint64_t above = 0;
  for (const int32_t node : path) {
    if (node < 0 || node >= static_cast<int32_t>(tree_.size())) {
      return InvalidArgument("path through a tree of drafts: expected a node from 0 to below " +
                             std::to_string(tree_.size()) + ", got " + std::to_string(node));
    }
    const uint64_t bit = uint64_t{1} << node;
    if ((tree_[static_cast<size_t>(node)] ^ bit) != above) {
      return InvalidArgument("path through a tree of drafts: node " + std::to_string(node) +
                             " is no child of what stands before it in the path");
    }
    above |= bit;
  }
  return {};
}

size_t KvSequence::CommonWith(std::span<const int32_t> tokens, std::vector<int32_t>* path) const {
  path->clear();
  const size_t base = prefix_length(), most = std::min(base, tokens.size());
  size_t common = 0;
  while (common < most && tokens_[common] == tokens[common]) ++common;
  if (common < base) return common;
  uint64_t above = 0;
  // Children come after their parents.
  for (size_t node = 0; node < tree_.size() && base + path->size() < tokens.size(); ++node) {
    const uint64_t bit = uint64_t{1} << node;
    if ((tree_[node] ^ bit) == above && tokens_[base + node] == tokens[base + path->size()]) {
      path->push_back(static_cast<int32_t>(node));
      above |= bit;
    }
  }
  return common;
}

Status KvSequence::KeepPath(std::span<const int32_t> path, OpSet& ops, Stream& stream) {
  RETORT_RETURN_IF_ERROR(CheckPath(path));
  const size_t base = prefix_length();
  // A node never stands before its place in the path, and those that stand in place already need no move.
  size_t first = 0;
  while (first < path.size() && static_cast<size_t>(path[first]) == first) ++first;
  std::vector<KvMove> moves;
  for (size_t i = first; i < path.size(); ++i) {
    const size_t page = (base + i) / kKvPageTokens;
    RETORT_ASSIGN_OR_RETURN(KvPagePool::Page* const own, pool_->Unshare(pages_[page]));
    SetPage(page, own);
  }
  for (size_t i = first; i < path.size(); ++i) {
    const size_t from = base + static_cast<size_t>(path[i]), to = base + i;
    moves.push_back({addresses_[from / kKvPageTokens], addresses_[to / kKvPageTokens],
                     static_cast<int32_t>(from % kKvPageTokens), static_cast<int32_t>(to % kKvPageTokens)});
  }
  if (!moves.empty()) {
    RETORT_RETURN_IF_ERROR(ops.MoveKv(moves, pool_->layout(), stream));
    RETORT_RETURN_IF_ERROR(stream.Synchronize());
  }
  for (size_t i = first; i < path.size(); ++i) tokens_[base + i] = tokens_[base + static_cast<size_t>(path[i])];
  tree_.clear();
  return Truncate(base + path.size());
}

}  // namespace retort

// Keys and values of sequences, in reference-counted pages of one pool per model.
// Fork shares pages; a shared page is copied when it is written and still holds something to keep, which is one page at
// most for whatever is appended or run again. A sequence is used by one thread at a time;
// sequences of one pool may be made, truncated and freed on any threads while another runs a step.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/model/neuron_history.h"
#include "core/ops/ops.h"

namespace retort {

/// Hands out pages of KvLayout::page_bytes device memory and takes them back; keeps freed pages for reuse.
class KvPagePool {
 public:
  /// Pages are allocated this much at a time, or one by one where memory is short. On the CPU it is what the device
  /// gives large pages for, which doubled the speed of attention over long contexts.
  static constexpr size_t kSlabBytes = size_t{4} << 20;
  KvPagePool(Device& device, KvLayout layout, size_t slab_bytes = kSlabBytes);
  ~KvPagePool();
  const KvLayout& layout() const { return layout_; }
  size_t pages_in_use() const;

  struct Page;
  Result<Page*> Acquire();
  void AddReference(Page* page);
  void Release(Page* page);
  /// A page that the caller alone holds, with the contents of `page`, whose reference moves.
  Result<Page*> Unshare(Page* page);
  /// Likewise, with any contents.
  Result<Page*> Replace(Page* page);
  static void* Address(const Page* page);

 private:
  struct Impl;
  Status Allocate();
  KvLayout layout_;
  size_t slab_bytes_;
  std::unique_ptr<Impl> impl_;
};

/// The tokens of a sequence in order, or, after a step over a tree of drafts, a prefix and the nodes of the tree, in
/// the order in which they were run. Then only three things can follow: more nodes, KeepPath, or truncation to the
/// prefix.
/// Tokens at the end may be sketched: run by a part of the model, which has stored keys and values of its own or of
/// some layers alone. Then only more of that can follow, or a rewind to the tokens before them.
class KvSequence {
 public:
  /// `pool` must outlive the sequence (shared, so that a record may outlive the model's other users).
  explicit KvSequence(std::shared_ptr<KvPagePool> pool);
  /// Begin with whole pages that hold `tokens`, kKvPageTokens a page; adds a reference to each.
  KvSequence(std::shared_ptr<KvPagePool> pool, std::span<KvPagePool::Page* const> pages, std::vector<int32_t> tokens);
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;

  size_t length() const { return tokens_.size(); }
  /// What is stored, in order.
  const std::vector<int32_t>& tokens() const { return tokens_; }
  std::span<KvPagePool::Page* const> pages() const { return pages_; }
  const KvPagePool& pool() const { return *pool_; }
  /// Tokens before the tree; all of them where there is none.
  size_t prefix_length() const { return tokens_.size() - tree_.size(); }
  /// Tokens that the whole model has run; those after them are sketched.
  size_t whole_length() const { return whole_; }
  /// For each node of the tree the nodes on its path, itself included, as bits.
  std::span<const uint64_t> tree() const { return tree_; }

  /// Keep the first `length` tokens; pages beyond them go back, reserved ones too. Nothing is copied.
  /// Errors: kInvalidArgument if longer than length(), or if it would cut through a tree.
  Status Truncate(size_t length);
  /// As Truncate, but the pages stay reserved: for running tokens again, as a full model does over the keys and values
  /// of a sparse one. What is run next overwrites them in place.
  Status Rewind(size_t length);
  std::unique_ptr<KvSequence> Fork() const;
  /// Make room for `count` more tokens: pages exist and those to be written are not shared. The length stays.
  /// Errors: those of Device::Allocate; then no page was taken.
  Status Reserve(size_t count);
  /// Count `tokens`, for which room is reserved, as stored; as nodes of a tree, with their paths; by the whole model,
  /// or sketched.
  void Advance(std::span<const int32_t> tokens, std::span<const uint64_t> paths = {}, bool sketched = false);

  /// The paths of new nodes, given the parent of each: a node of the tree, counted from its first one, or -1 for the
  /// end of the prefix. Errors: kInvalidArgument for a parent that does not come before its child, kResourceExhausted
  /// for a tree of more than kMaxTreeTokens.
  Result<std::vector<uint64_t>> PathsOf(std::span<const int32_t> parents) const;
  /// Keep the nodes `path` of the tree, each the parent of the next and the first a child of the prefix, and forget the
  /// others: the sequence is then what it were if the path's tokens had been appended. Moves the keys and values of
  /// these nodes alone. `ops` are those of the pool's device; waits for `stream`.
  /// Errors: kInvalidArgument for what is no such path, those of Reserve and MoveKv; then nothing changed.
  Status KeepPath(std::span<const int32_t> path, OpSet& ops, Stream& stream);
  /// How many of the tokens before the tree are the beginning of `tokens`, and where that is all of them, the path of
  /// the tree that goes on like `tokens`. Sketched tokens do not count.
  size_t CommonWith(std::span<const int32_t> tokens, std::vector<int32_t>* path) const;
  /// What the whole model's steps say of neurons; closed by whatever is not appended by them.
  NeuronHistory& neurons() { return neurons_; }
  /// Device addresses of the pages, in order.
  void* const* page_table() const { return addresses_.data(); }

 private:
  Status CheckLength(size_t length) const;
  Status CheckPath(std::span<const int32_t> path) const;
  void Release(size_t pages);  // beyond these
  void SetPage(size_t index, KvPagePool::Page* page);

  std::shared_ptr<KvPagePool> pool_;
  std::vector<KvPagePool::Page*> pages_;
  std::vector<void*> addresses_;
  std::vector<int32_t> tokens_;
  std::vector<uint64_t> tree_;
  size_t whole_ = 0;
  NeuronHistory neurons_;
};

}  // namespace retort

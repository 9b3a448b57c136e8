// Keys and values of sequences, in reference-counted pages of one pool per model.
// Fork shares pages and copies one only when a shared page is written. A sequence is used by one thread at a time;
// sequences of one pool may be made, truncated and freed on any threads while another runs a step.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/ops/ops.h"

namespace retort {

/// Hands out pages of KvLayout::page_bytes device memory and takes them back; keeps freed pages for reuse.
class KvPagePool {
 public:
  KvPagePool(Device& device, KvLayout layout);
  ~KvPagePool();
  const KvLayout& layout() const { return layout_; }
  size_t pages_in_use() const;

  struct Page;
  Result<Page*> Acquire();
  void AddReference(Page* page);
  void Release(Page* page);
  /// A page that the caller alone holds, with the contents of `page`, whose reference moves.
  Result<Page*> Unshare(Page* page);
  static void* Address(const Page* page);

 private:
  struct Impl;
  KvLayout layout_;
  std::unique_ptr<Impl> impl_;
};

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
  /// Keep the first `length` tokens; pages beyond them go back, reserved ones too. Errors: kInvalidArgument if longer
  /// than length().
  Status Truncate(size_t length);
  std::unique_ptr<KvSequence> Fork() const;
  /// Make room for `count` more tokens: pages exist and those to be written are not shared. The length stays.
  /// Errors: those of Device::Allocate; then no page was taken.
  Status Reserve(size_t count);
  /// Count `tokens`, for which room is reserved, as stored.
  void Advance(std::span<const int32_t> tokens) { tokens_.insert(tokens_.end(), tokens.begin(), tokens.end()); }
  /// Device addresses of the pages, in order.
  void* const* page_table() const { return addresses_.data(); }

 private:
  std::shared_ptr<KvPagePool> pool_;
  std::vector<KvPagePool::Page*> pages_;
  std::vector<void*> addresses_;
  std::vector<int32_t> tokens_;
};

}  // namespace retort

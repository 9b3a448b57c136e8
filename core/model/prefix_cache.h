// Keys and values of prompts seen before, so that a prompt which begins alike (the same system prompt, the same
// few-shot examples) computes only what is new. Whole pages are shared; nothing is copied. In `exact` the shared bits
// are those that the prompt itself would compute; in `fast` they are those of the step that computed them first. After
// the block-hash cache of vLLM (Kwon et al. 2023, section 4.3), with the tokens compared rather than hashed.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "core/model/kv_cache.h"

namespace retort {

/// Thread-safe.
class PrefixCache {
 public:
  /// Holds `max_tokens` at most, rounded down to whole pages; 0 holds nothing.
  PrefixCache(std::shared_ptr<KvPagePool> pool, size_t max_tokens);
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  /// A sequence that already holds as much of the beginning of `tokens` as is known, in whole pages; the last token is
  /// never held, since a step needs one. Not known: an empty sequence.
  std::unique_ptr<KvSequence> Begin(std::span<const int32_t> tokens);
  /// Hold the whole pages of `sequence`; those used longest ago make room.
  void Keep(const KvSequence& sequence);
  /// Give all pages back.
  void Clear();

  size_t pages() const;

 private:
  using PageTokens = std::array<int32_t, kKvPageTokens>;
  using Key = std::pair<uint64_t, PageTokens>;  // the entry before (0 = none), and what the page holds
  struct Entry {
    uint64_t id = 0;
    KvPagePool::Page* page = nullptr;
    uint64_t used = 0;
    size_t followers = 0;  // entries that have this one before them; while there are any it stays
  };
  using Entries = std::map<Key, Entry>;
  static Key KeyOf(uint64_t before, std::span<const int32_t> tokens, size_t page);
  bool MakeRoom(uint64_t now);
  void Drop(Entries::iterator entry);

  const std::shared_ptr<KvPagePool> pool_;
  const size_t max_pages_;
  mutable std::mutex mutex_;
  Entries entries_;
  uint64_t ids_ = 0, clock_ = 0;
};

}  // namespace retort

#include "core/model/prefix_cache.h"

#include <algorithm>
#include <vector>

namespace retort {

PrefixCache::PrefixCache(std::shared_ptr<KvPagePool> pool, size_t max_tokens)
    : pool_(std::move(pool)), max_pages_(max_tokens / kKvPageTokens) {}

PrefixCache::~PrefixCache() { Clear(); }

PrefixCache::Key PrefixCache::KeyOf(uint64_t before, std::span<const int32_t> tokens, size_t page) {
  Key key{before, {}};
  std::copy_n(tokens.begin() + static_cast<std::ptrdiff_t>(page * kKvPageTokens), kKvPageTokens, key.second.begin());
  return key;
}

std::unique_ptr<KvSequence> PrefixCache::Begin(std::span<const int32_t> tokens) {
  const std::lock_guard lock(mutex_);
  std::vector<KvPagePool::Page*> pages;
  const uint64_t now = ++clock_;
  uint64_t before = 0;
  while ((pages.size() + 1) * kKvPageTokens < tokens.size()) {
    const auto found = entries_.find(KeyOf(before, tokens, pages.size()));
    if (found == entries_.end()) break;
    found->second.used = now;
    before = found->second.id;
    pages.push_back(found->second.page);
  }
  const auto held = static_cast<std::ptrdiff_t>(pages.size() * kKvPageTokens);
  return std::make_unique<KvSequence>(pool_, pages, std::vector<int32_t>(tokens.begin(), tokens.begin() + held));
}

void PrefixCache::Keep(const KvSequence& sequence) {
  const std::lock_guard lock(mutex_);
  const uint64_t now = ++clock_;
  uint64_t before = 0;
  Entry* parent = nullptr;  // entries of a map stay where they are
  for (size_t page = 0; (page + 1) * kKvPageTokens <= sequence.length(); ++page) {
    const Key key = KeyOf(before, sequence.tokens(), page);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      if (!MakeRoom(now)) return;
      pool_->AddReference(sequence.pages()[page]);
      found = entries_.emplace(key, Entry{++ids_, sequence.pages()[page], now, 0}).first;
      if (parent != nullptr) ++parent->followers;
    }
    found->second.used = now;
    before = found->second.id;
    parent = &found->second;
  }
}

/// Room for one more page; what was used at `now` stays.
bool PrefixCache::MakeRoom(uint64_t now) {
  if (entries_.size() < max_pages_) return true;
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.followers > 0 || entry->second.used == now) continue;
    if (oldest == entries_.end() || entry->second.used < oldest->second.used) oldest = entry;
  }
  if (oldest == entries_.end()) return false;
  Drop(oldest);
  return true;
}

void PrefixCache::Drop(Entries::iterator entry) {
  const uint64_t before = entry->first.first;
  for (auto& [key, other] : entries_) {
    if (before != 0 && other.id == before) --other.followers;
  }
  pool_->Release(entry->second.page);
  entries_.erase(entry);
}

void PrefixCache::Clear() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, entry] : entries_) pool_->Release(entry.page);
  entries_.clear();
}

size_t PrefixCache::pages() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace retort

#include "core/model/kv_cache.h"

#include <algorithm>
#include <mutex>
#include <string>

namespace retort {

struct KvPagePool::Page {
  void* address = nullptr;
  uint32_t references = 0;
};

struct KvPagePool::Impl {
  explicit Impl(Device& d) : device(d) {}
  Device& device;
  // Records are freed on any thread while another runs a step: the lists are guarded, the pages' contents are not.
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Buffer>> memory;
  std::vector<std::unique_ptr<Page>> pages;
  std::vector<Page*> free;
  std::unique_ptr<Stream> stream;
};

KvPagePool::KvPagePool(Device& device, KvLayout layout, size_t slab_bytes)
    : layout_(layout), slab_bytes_(slab_bytes), impl_(std::make_unique<Impl>(device)) {}
KvPagePool::~KvPagePool() = default;

size_t KvPagePool::pages_in_use() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pages.size() - impl_->free.size();
}

void* KvPagePool::Address(const Page* page) { return page->address; }

/// A slab of free pages; the mutex is held.
Status KvPagePool::Allocate() {
  const size_t stride = (layout_.page_bytes() + 63) / 64 * 64;
  size_t count = std::max<size_t>(1, (slab_bytes_ + stride - 1) / stride);
  auto memory = impl_->device.Allocate(count * stride);
  if (!memory.ok() && count > 1) {
    count = 1;
    memory = impl_->device.Allocate(stride);
  }
  if (!memory.ok()) return memory.status().Annotate("KV cache, page " + std::to_string(impl_->pages.size() + 1));
  auto* const base = static_cast<std::byte*>((*memory)->data());
  impl_->memory.push_back(*std::move(memory));
  for (size_t i = count; i-- > 0;) {  // the last is handed out first
    impl_->pages.push_back(std::make_unique<Page>());
    impl_->pages.back()->address = base + i * stride;
    impl_->free.push_back(impl_->pages.back().get());
  }
  return {};
}

Result<KvPagePool::Page*> KvPagePool::Acquire() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->free.empty()) RETORT_RETURN_IF_ERROR(Allocate());
  Page* const page = impl_->free.back();
  impl_->free.pop_back();
  page->references = 1;
  return page;
}

void KvPagePool::AddReference(Page* page) {
  const std::lock_guard lock(impl_->mutex);
  ++page->references;
}

void KvPagePool::Release(Page* page) {
  const std::lock_guard lock(impl_->mutex);
  if (--page->references == 0) impl_->free.push_back(page);
}

Result<KvPagePool::Page*> KvPagePool::Unshare(Page* page) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (page->references == 1) return page;
    if (impl_->stream == nullptr) {
      RETORT_ASSIGN_OR_RETURN(impl_->stream, impl_->device.CreateStream());
    }
  }
  RETORT_ASSIGN_OR_RETURN(Page* const copy, Acquire());
  Status status = impl_->device.CopyOnDevice(Address(copy), Address(page), layout_.page_bytes(), *impl_->stream);
  if (status.ok()) status = impl_->stream->Synchronize();
  if (!status.ok()) {
    Release(copy);
    return status;
  }
  Release(page);
  return copy;
}

Result<KvPagePool::Page*> KvPagePool::Replace(Page* page) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (page->references == 1) return page;
  }
  RETORT_ASSIGN_OR_RETURN(Page* const fresh, Acquire());
  Release(page);
  return fresh;
}

KvSequence::KvSequence(std::shared_ptr<KvPagePool> pool) : pool_(std::move(pool)) {}

KvSequence::KvSequence(std::shared_ptr<KvPagePool> pool, std::span<KvPagePool::Page* const> pages,
                       std::vector<int32_t> tokens)
    : pool_(std::move(pool)), pages_(pages.begin(), pages.end()), tokens_(std::move(tokens)), whole_(tokens_.size()) {
  for (KvPagePool::Page* page : pages_) {
    pool_->AddReference(page);
    addresses_.push_back(KvPagePool::Address(page));
  }
}

KvSequence::~KvSequence() {
  for (KvPagePool::Page* page : pages_) pool_->Release(page);
}

Status KvSequence::CheckLength(size_t length) const {
  if (length > tokens_.size()) {
    return InvalidArgument("KV sequence: expected a length of " + std::to_string(tokens_.size()) + " at most, got " +
                           std::to_string(length));
  }
  if (length > prefix_length() && length < tokens_.size()) {
    return InvalidArgument("KV sequence: a length of " + std::to_string(length) +
                           " cuts through the tree that stands after " + std::to_string(prefix_length()) +
                           " tokens: keep a path of it, or the prefix");
  }
  return {};
}

void KvSequence::Release(size_t pages) {
  while (pages_.size() > pages) {
    pool_->Release(pages_.back());
    pages_.pop_back();
    addresses_.pop_back();
  }
}

void KvSequence::SetPage(size_t index, KvPagePool::Page* page) {
  pages_[index] = page;
  addresses_[index] = KvPagePool::Address(page);
}

Status KvSequence::Truncate(size_t length) {
  RETORT_RETURN_IF_ERROR(Rewind(length));
  Release((length + kKvPageTokens - 1) / kKvPageTokens);
  return {};
}

Status KvSequence::Rewind(size_t length) {
  RETORT_RETURN_IF_ERROR(CheckLength(length));
  if (length < tokens_.size()) {
    tree_.clear();
    neurons_.Close();
    if (length == 0) neurons_.Reset();
  }
  tokens_.resize(length);
  whole_ = std::min(whole_, length);
  return {};
}

std::unique_ptr<KvSequence> KvSequence::Fork() const {
  const size_t used = (tokens_.size() + kKvPageTokens - 1) / kKvPageTokens;
  auto fork = std::make_unique<KvSequence>(pool_, pages().first(used), tokens_);
  fork->tree_ = tree_;
  fork->whole_ = whole_;
  fork->neurons_ = neurons_;
  return fork;
}

void KvSequence::Advance(std::span<const int32_t> tokens, std::span<const uint64_t> paths, bool sketched) {
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  tree_.insert(tree_.end(), paths.begin(), paths.end());
  if (!sketched) whole_ = tokens_.size();
  if (sketched || !tree_.empty()) neurons_.Close();
}

Status KvSequence::Reserve(size_t count) {
  if (count == 0) return {};
  const size_t needed = (length() + count + kKvPageTokens - 1) / kKvPageTokens;
  // Tokens go from slot length() on: the pages from there on must be ours alone, and what the first one holds stays.
  const size_t first = length() / kKvPageTokens;
  for (size_t p = first; p < needed; ++p) {
    const bool held = p < pages_.size();
    const bool kept = p == first && length() % kKvPageTokens != 0;
    const auto page = !held ? pool_->Acquire() : kept ? pool_->Unshare(pages_[p]) : pool_->Replace(pages_[p]);
    if (!page.ok()) {
      Release((length() + kKvPageTokens - 1) / kKvPageTokens);  // gives back the pages taken so far
      return page.status();
    }
    if (!held) {
      pages_.push_back(nullptr);
      addresses_.push_back(nullptr);
    }
    SetPage(p, *page);
  }
  return {};
}

}  // namespace retort

#include "core/model/kv_cache.h"

#include <mutex>
#include <string>

namespace retort {

struct KvPagePool::Page {
  std::unique_ptr<Buffer> memory;
  uint32_t references = 0;
};

struct KvPagePool::Impl {
  explicit Impl(Device& d) : device(d) {}
  Device& device;
  // Records are freed on any thread while another runs a step: the lists are guarded, the pages' contents are not.
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Page>> pages;
  std::vector<Page*> free;
  std::unique_ptr<Stream> stream;
};

KvPagePool::KvPagePool(Device& device, KvLayout layout) : layout_(layout), impl_(std::make_unique<Impl>(device)) {}
KvPagePool::~KvPagePool() = default;

size_t KvPagePool::pages_in_use() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pages.size() - impl_->free.size();
}

void* KvPagePool::Address(const Page* page) { return page->memory->data(); }

Result<KvPagePool::Page*> KvPagePool::Acquire() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->free.empty()) {
    auto memory = impl_->device.Allocate(layout_.page_bytes());
    if (!memory.ok()) return memory.status().Annotate("KV cache, page " + std::to_string(impl_->pages.size() + 1));
    impl_->pages.push_back(std::make_unique<Page>());
    impl_->pages.back()->memory = *std::move(memory);
    impl_->free.push_back(impl_->pages.back().get());
  }
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

KvSequence::KvSequence(std::shared_ptr<KvPagePool> pool) : pool_(std::move(pool)) {}

KvSequence::KvSequence(std::shared_ptr<KvPagePool> pool, std::span<KvPagePool::Page* const> pages,
                       std::vector<int32_t> tokens)
    : pool_(std::move(pool)), pages_(pages.begin(), pages.end()), tokens_(std::move(tokens)) {
  for (KvPagePool::Page* page : pages_) {
    pool_->AddReference(page);
    addresses_.push_back(KvPagePool::Address(page));
  }
}

KvSequence::~KvSequence() {
  for (KvPagePool::Page* page : pages_) pool_->Release(page);
}

Status KvSequence::Truncate(size_t length) {
  if (length > tokens_.size()) {
    return InvalidArgument("KV sequence: expected a length of " + std::to_string(tokens_.size()) + " at most, got " +
                           std::to_string(length));
  }
  const size_t keep = (length + kKvPageTokens - 1) / kKvPageTokens;
  while (pages_.size() > keep) {
    pool_->Release(pages_.back());
    pages_.pop_back();
    addresses_.pop_back();
  }
  tokens_.resize(length);
  return {};
}

std::unique_ptr<KvSequence> KvSequence::Fork() const {
  const size_t used = (tokens_.size() + kKvPageTokens - 1) / kKvPageTokens;
  return std::make_unique<KvSequence>(pool_, pages().first(used), tokens_);
}

Status KvSequence::Reserve(size_t count) {
  if (count == 0) return {};
  // Tokens go from slot length() on: the page that holds it is written first, and must be ours alone.
  if (const size_t first = length() / kKvPageTokens; first < pages_.size()) {
    RETORT_ASSIGN_OR_RETURN(pages_[first], pool_->Unshare(pages_[first]));
    addresses_[first] = KvPagePool::Address(pages_[first]);
  }
  const size_t needed = (length() + count + kKvPageTokens - 1) / kKvPageTokens;
  while (pages_.size() < needed) {
    const auto page = pool_->Acquire();
    if (!page.ok()) {
      RETORT_RETURN_IF_ERROR(Truncate(length()));  // gives back the pages taken so far
      return page.status();
    }
    pages_.push_back(*page);
    addresses_.push_back(KvPagePool::Address(*page));
  }
  return {};
}

}  // namespace retort

// The files that drafters read: no input may crash a reader, make it read outside the bytes, or
// draft a number that is no token. The checksum is made to fit, so that inputs get behind it.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "plugins/draft/ngram_file.h"
#include "plugins/shared/ngram_store.h"

namespace {

/// The tokens that the input says it is of, so that they fit.
retort_stages::TokenSet TokensOf(const uint8_t* data, size_t size) {
  retort_stages::DraftFileHeader header = {};
  if (size >= sizeof header) std::memcpy(&header, data, sizeof header);
  return {header.vocab, header.fingerprint};
}

void Check(int32_t token, uint32_t vocab) {
  if (token < 0 || static_cast<uint32_t>(token) >= vocab) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::unique_ptr<std::byte[]> bytes(new std::byte[size + sizeof(uint64_t)]);
  if (size > 0) std::memcpy(bytes.get(), data, size);
  const uint64_t sum = retort_stages::Checksum({bytes.get(), size});
  std::memcpy(bytes.get() + size, &sum, sizeof sum);
  const std::span<const std::byte> file(bytes.get(), size + sizeof sum);
  const retort_stages::TokenSet tokens = TokensOf(data, size);

  if (const auto store = retort_stages::NgramStore::Create(file, "input", tokens); store.ok()) {
    for (int32_t first = -1; first < 20; ++first) {
      const int32_t text[] = {1, first, first};
      retort_stages::NgramStore::Match match = store->Longest(text, 1, 3);
      for (int i = 0; i < 64; ++i) {
        const std::optional<int32_t> next = store->Follow(&match);
        if (!next) break;
        Check(*next, tokens.vocab);
      }
    }
  }
  drafting::NgramStatistics statistics(3, 1000);
  if (drafting::ReadNgrams(file, "input", tokens, &statistics).ok()) {
    for (int32_t first = 0; first < 20; ++first) {
      const int32_t text[] = {1, first};
      for (const int32_t token : statistics.Draft(text, 16, 1)) Check(token, tokens.vocab);
    }
  }
  return 0;
}

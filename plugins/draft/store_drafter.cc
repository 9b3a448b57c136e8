#include "plugins/draft/store_drafter.h"

namespace drafting {

using retort::MappedFile;
using retort::Result;
using retort_stages::NgramStore;

Result<std::unique_ptr<TextDrafter>> StoreDrafter::Create(StoreOptions options) {
  RETORT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(options.path, "a store of `retort store build`"));
  RETORT_ASSIGN_OR_RETURN(const NgramStore store, NgramStore::Create(file.bytes(), options.path, options.tokens));
  return std::unique_ptr<TextDrafter>(new StoreDrafter(std::move(options), std::move(file), store));
}

Guess StoreDrafter::Continue(Memory&, const Text& text, size_t count) {
  Guess guess{{}, 0, name()};
  if (count == 0) return guess;
  NgramStore::Match match = store_.Longest(text.Tail(options_.max_match), options_.min_match, options_.max_match);
  const auto places = static_cast<double>(match.places());
  const size_t length = match.length;
  while (guess.tokens.size() < count) {
    const std::optional<int32_t> next = store_.Follow(&match);
    if (!next || static_cast<double>(match.places()) < options_.min_share * places) break;
    guess.tokens.push_back(*next);
  }
  if (!guess.tokens.empty()) guess.match = length;
  return guess;
}

}  // namespace drafting

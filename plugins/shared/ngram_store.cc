#include "plugins/shared/ngram_store.h"

#include <algorithm>

#include "plugins/shared/suffix_array.h"

namespace retort_stages {
namespace {

using retort::Result;

constexpr size_t kSampledPlaces = 64;
constexpr uint64_t kMostTokens = (uint64_t{1} << 31) - 2;

uint64_t PayloadBytes(const DraftFileHeader& header) {
  if (header.count > kMostTokens) return UINT64_MAX;
  return (uint64_t{header.vocab} + 2 + 2 * header.count) * sizeof(uint32_t);
}

constexpr DraftFileKind kKind = {{'r', 't', '-', 's', 't', 'o', 'r', 'e'},
                                 1,
                                 "a store of `retort store build`",
                                 "build it anew with `retort store build` and the target model",
                                 PayloadBytes};

}  // namespace

Result<NgramStore> NgramStore::Create(std::span<const std::byte> bytes, const std::string& path,
                                      const TokenSet& tokens) {
  RETORT_ASSIGN_OR_RETURN(const DraftFileView file, ReadDraftFile(kKind, bytes, path, tokens));
  const std::span<const uint32_t> words(reinterpret_cast<const uint32_t*>(file.payload.data()),
                                        file.payload.size() / sizeof(uint32_t));
  const size_t begins = size_t{file.vocab} + 2, count = file.count;
  return NgramStore(words.first(begins), words.subspan(begins, count), words.subspan(begins + count, count));
}

/// The token of a suffix at a depth; -1 past the corpus' end, which comes before all tokens.
int64_t NgramStore::TokenAt(size_t suffix, size_t depth) const {
  const size_t at = suffixes_[suffix] + depth;
  return at < tokens_.size() ? int64_t{tokens_[at]} : -1;
}

int NgramStore::Compare(size_t suffix, std::span<const int32_t> pattern) const {
  for (size_t depth = 1; depth < pattern.size(); ++depth) {  // the first token is right by begins_
    const int64_t token = TokenAt(suffix, depth);
    if (token != pattern[depth]) return token < pattern[depth] ? -1 : 1;
  }
  return 0;
}

NgramStore::Match NgramStore::Find(std::span<const int32_t> pattern) const {
  const auto first = static_cast<size_t>(pattern[0]);
  if (pattern[0] < 0 || first + 2 >= begins_.size()) return {0, 0, 0};
  const size_t begin = std::min<size_t>(begins_[first], suffixes_.size());
  const size_t end = std::clamp<size_t>(begins_[first + 1], begin, suffixes_.size());
  const auto boundary = [&](size_t from, int most) {
    size_t low = from, high = end;
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if (Compare(middle, pattern) < most) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  const size_t low = boundary(begin, 0);
  return {low, boundary(low, 1), pattern.size()};
}

NgramStore::Match NgramStore::Longest(std::span<const int32_t> text, size_t shortest, size_t longest) const {
  longest = std::min(longest, text.size());
  if (shortest == 0 || shortest > longest) return {0, 0, 0};
  Match best = Find(text.last(shortest));
  if (best.places() == 0) return {0, 0, 0};
  // What stands somewhere has all its ends stand there too, so the longest is found by halving.
  while (shortest < longest) {
    const size_t middle = (shortest + longest + 1) / 2;
    const Match match = Find(text.last(middle));
    if (match.places() > 0) {
      shortest = middle;
      best = match;
    } else {
      longest = middle - 1;
    }
  }
  return best;
}

size_t NgramStore::FirstAtLeast(const Match& match, int64_t token) const {
  size_t low = match.begin, high = match.end;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (TokenAt(middle, match.length) < token) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int64_t NgramStore::MostFrequent(const Match& match) const {
  const size_t places = match.places(), sample = std::min(places, kSampledPlaces);
  int64_t best = -1, run = -2;
  size_t best_count = 0, count = 0;
  for (size_t i = 0; i < sample; ++i) {
    const int64_t token = TokenAt(match.begin + i * places / sample, match.length);  // in order, so equal ones adjoin
    count = token == run ? count + 1 : 1;
    run = token;
    if (count <= best_count) continue;
    best = token;
    best_count = count;
  }
  return best;
}

std::optional<int32_t> NgramStore::Follow(Match* match) const {
  if (match->places() == 0) return std::nullopt;
  const int64_t token = MostFrequent(*match);
  if (token < 0 || token + 2 >= static_cast<int64_t>(begins_.size())) return std::nullopt;
  if (match->places() > 1) {
    const size_t begin = FirstAtLeast(*match, token);
    match->end = std::max(begin, FirstAtLeast({begin, match->end, match->length}, token + 1));
    match->begin = begin;
  }
  ++match->length;
  return static_cast<int32_t>(token);
}

std::string BuildNgramStore(std::span<const int32_t> tokens, const TokenSet& set) {
  const std::vector<int32_t> suffixes = SuffixArray(tokens, static_cast<int32_t>(set.vocab) + 1);
  std::vector<uint32_t> begins(size_t{set.vocab} + 2);
  for (const int32_t token : tokens) ++begins[static_cast<size_t>(token) + 1];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  const std::span<const std::byte> payload[] = {std::as_bytes(std::span(begins)), std::as_bytes(tokens),
                                                std::as_bytes(std::span(suffixes))};
  return WriteDraftFile(kKind, set, tokens.size(), payload);
}

}  // namespace retort_stages

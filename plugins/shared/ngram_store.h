// A store of n-grams: the tokens of a corpus and its suffix array, to be mapped and looked into.
// Source: He et al., "REST: Retrieval-Based Speculative Decoding", arXiv 2311.08252.
// The format is described in core/design/008-drafts-from-text.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/shared/draft_file.h"

namespace retort_stages {

/// Reads a file that lies in memory; thread-safe. Nothing in the file is believed beyond what Create has checked, so
/// that a forged one gives bad drafts and no wild reads.
class NgramStore {
 public:
  /// `bytes` must outlive the store and be aligned to 4. Errors: those of ReadDraftFile.
  static retort::Result<NgramStore> Create(std::span<const std::byte> bytes, const std::string& path,
                                           const TokenSet& tokens);

  size_t tokens() const { return tokens_.size(); }

  /// Places of the corpus that read alike: suffixes [begin, end) share their first `length` tokens.
  struct Match {
    size_t begin, end, length;
    size_t places() const { return end - begin; }
  };
  /// Where the longest end of `text` stands, `shortest` to `longest` tokens of it; no places where none does.
  /// Takes a search for `shortest`, and then one for each bit of the number of other lengths.
  Match Longest(std::span<const int32_t> text, size_t shortest, size_t longest) const;
  /// The token that most often follows, ties to the smaller one, with the places where it does: exactly for up to
  /// 64 places, by 64 of them beyond that. Nothing where most often the document ends.
  std::optional<int32_t> Follow(Match* match) const;

 private:
  NgramStore(std::span<const uint32_t> begins, std::span<const uint32_t> tokens, std::span<const uint32_t> suffixes)
      : begins_(begins), tokens_(tokens), suffixes_(suffixes) {}
  Match Find(std::span<const int32_t> pattern) const;
  int Compare(size_t suffix, std::span<const int32_t> pattern) const;
  int64_t TokenAt(size_t suffix, size_t depth) const;
  size_t FirstAtLeast(const Match& match, int64_t token) const;
  int64_t MostFrequent(const Match& match) const;

  std::span<const uint32_t> begins_;    // of each token's suffixes; one more for the end of a document, and one for all
  std::span<const uint32_t> tokens_;    // the corpus; begins_.size() - 2 ends a document
  std::span<const uint32_t> suffixes_;  // where they begin, in order
};

/// The file of a store. `tokens` is the corpus, each document ended by the number `set.vocab`; fewer than 2^31 - 1.
std::string BuildNgramStore(std::span<const int32_t> tokens, const TokenSet& set);

}  // namespace retort_stages

// Files that drafters read: a header that says of which tokens, a payload, and a checksum of both.
// The formats are described in core/design/008-drafts-from-text.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort_stages {

/// 64 bits over all bytes. Each step is one-to-one in the sum so far and in the eight bytes it takes, so that a change
/// within eight bytes never goes unseen, and any other one with a chance of 2^-64.
uint64_t Checksum(std::span<const std::byte> bytes);

/// Which tokens a file's numbers stand for.
struct TokenSet {
  uint32_t vocab = 0;        // numbers below this may occur
  uint64_t fingerprint = 0;  // of the texts

  /// `text(token)` gives the text of a token, empty for a special one.
  template <typename Text>
  static TokenSet Of(uint32_t vocab, Text text) {
    TokenSet set{vocab, 0};
    for (uint32_t token = 0; token < vocab; ++token) set.Add(token, text(static_cast<int32_t>(token)));
    return set;
  }

 private:
  /// Tokens without a text, such as those that only pad a vocabulary, leave no trace.
  void Add(uint32_t token, std::string_view text);
};

struct DraftFileHeader {
  char magic[8];
  uint32_t version;
  uint32_t vocab;
  uint64_t fingerprint;
  uint64_t count;
};
static_assert(sizeof(DraftFileHeader) == 32);

/// What sets one kind of file apart.
struct DraftFileKind {
  char magic[8];
  uint32_t version;
  const char* name;    // "n-gram statistics"
  const char* remedy;  // how to get a good one
  /// Bytes between header and checksum; UINT64_MAX: no file can have this count.
  uint64_t (*payload_bytes)(const DraftFileHeader& header);
};

/// The header of a file of this kind and these tokens, with its payload.
/// Errors, each with `path` and the remedy: kInvalidArgument (another kind of file, or another version), kDataLoss (cut
/// off, or damaged), kUnsupported (of other tokens).
struct DraftFileView {
  uint32_t vocab;
  uint64_t count;
  std::span<const std::byte> payload;
};
retort::Result<DraftFileView> ReadDraftFile(const DraftFileKind& kind, std::span<const std::byte> bytes,
                                            const std::string& path, const TokenSet& tokens);

/// A whole file.
std::string WriteDraftFile(const DraftFileKind& kind, const TokenSet& tokens, uint64_t count,
                           std::span<const std::span<const std::byte>> payload);

}  // namespace retort_stages

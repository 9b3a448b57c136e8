// GPT-2's spelling of bytes as printable characters, in which vocabularies and merges are written: a printable byte of
// Latin-1 stands for itself, the others are U+0100 onwards in order (space is U+0120). Source: Radford et al. 2019,
// code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/utf8.h"

namespace retort {

namespace internal {
inline constexpr auto kBytesOfSpelling = [] {
  std::array<int16_t, 0x144> bytes = {};
  bytes.fill(-1);
  int16_t next = 0x100;
  for (int16_t b = 0; b < 256; ++b) {
    const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    bytes[static_cast<size_t>(printable ? b : next++)] = b;
  }
  return bytes;
}();
}  // namespace internal

/// Append the bytes that `spelled` stands for. False where it holds a character that stands for no byte; `bytes` is
/// then as it was.
inline bool AppendBytesOf(std::string_view spelled, std::string& bytes) {
  const size_t before = bytes.size();
  for (size_t i = 0; i < spelled.size();) {
    const size_t length = Utf8CharLength(spelled, i);
    const auto lead = static_cast<uint8_t>(spelled[i]);
    uint32_t code = lead;
    if (length == 2) code = (lead & 0x1Fu) << 6 | (static_cast<uint8_t>(spelled[i + 1]) & 0x3Fu);
    const bool stands = (length == 1 || length == 2) && code < internal::kBytesOfSpelling.size() &&
                        internal::kBytesOfSpelling[code] >= 0;
    if (!stands) {
      bytes.resize(before);
      return false;
    }
    bytes.push_back(static_cast<char>(internal::kBytesOfSpelling[code]));
    i += length;
  }
  return true;
}

}  // namespace retort

// GPT-2's spelling of bytes as printable characters, in which vocabularies and merges are written: a printable byte of
// Latin-1 stands for itself, the others are U+0100 onwards in order (space is U+0120). Source: Radford et al. 2019,
// code.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/utf8.h"

namespace retort {

/// The bytes that `spelled` stands for, or nothing where it holds a character that stands for no byte.
inline std::optional<std::string> BytesFromSpelling(std::string_view spelled) {
  static const auto kBytes = [] {
    std::array<int16_t, 0x144> bytes;
    bytes.fill(-1);
    int16_t next = 0x100;
    for (int16_t b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      bytes[printable ? b : next++] = b;
    }
    return bytes;
  }();
  std::string bytes;
  for (size_t i = 0; i < spelled.size();) {
    const size_t length = Utf8CharLength(spelled, i);
    if (length == 0 || length > 2) return std::nullopt;
    const auto lead = static_cast<uint8_t>(spelled[i]);
    const uint32_t code = length == 1 ? lead : (lead & 0x1Fu) << 6 | (static_cast<uint8_t>(spelled[i + 1]) & 0x3Fu);
    if (code >= kBytes.size() || kBytes[code] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(kBytes[code]));
    i += length;
  }
  return bytes;
}

}  // namespace retort

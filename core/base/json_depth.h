// How deep JSON nests, found before a reader recurses into it.
#pragma once

#include <cstddef>
#include <string_view>

namespace retort {

inline constexpr int kMaxJsonDepth = 256;  // of a record; nlohmann writes nested values by recursion

/// Offset of the first bracket that nests deeper than `most`, or npos. Of text that need not be JSON.
inline size_t FindDeeperJson(std::string_view text, int most) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most) return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return std::string_view::npos;
}

}  // namespace retort

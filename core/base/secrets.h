// Values that must not be shown: registered where they are read, left out wherever text leaves the program.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace retort {

/// Shorter ones occur in other text by chance, so they could not be left out of it.
inline constexpr size_t kLeastSecretBytes = 8;

/// From now on `secret`, as it is and as JSON writes it, is left out by Redacted.
void KeepSecret(const std::string& secret);

/// `text` with `(secret)` for every secret in it.
std::string Redacted(std::string_view text);

}  // namespace retort

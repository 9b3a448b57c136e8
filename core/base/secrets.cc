#include "core/base/secrets.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace retort {
namespace {

constexpr std::string_view kInstead = "(secret)";

struct Kept {
  std::mutex mutex;
  std::vector<std::string> texts;  // the longest first: one may be a part of another
  std::atomic<bool> any = false;
};

Kept& Secrets() {
  static Kept* const kept = new Kept;  // text is printed until the very end
  return *kept;
}

/// As JSON writes it, without the quotes.
std::string AsJson(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

void KeepSecret(const std::string& secret) {
  if (secret.size() < kLeastSecretBytes) return;
  Kept& kept = Secrets();
  const std::lock_guard lock(kept.mutex);
  for (const std::string& text : {secret, AsJson(secret)}) {
    if (std::find(kept.texts.begin(), kept.texts.end(), text) == kept.texts.end()) kept.texts.push_back(text);
  }
  std::stable_sort(kept.texts.begin(), kept.texts.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  kept.any = true;
}

std::string Redacted(std::string_view text) {
  Kept& kept = Secrets();
  std::string out(text);
  if (!kept.any) return out;
  const std::lock_guard lock(kept.mutex);
  for (const std::string& secret : kept.texts) {
    for (size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + kInstead.size()))
      out.replace(at, secret.size(), kInstead);
  }
  return out;
}

}  // namespace retort

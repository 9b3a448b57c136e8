#include "core/graph/nearest_name.h"

#include <algorithm>
#include <cctype>

namespace retort {
namespace {

std::string Normalised(std::string_view name) {
  std::string text(name.substr(0, 128));
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

size_t EditDistance(std::string_view left, std::string_view right) {
  const std::string a = Normalised(left), b = Normalised(right);
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = 0;
  for (const std::string& candidate : known) {
    const size_t longer = std::max(name.size(), candidate.size()), shorter = std::min(name.size(), candidate.size());
    const size_t most = std::max<size_t>(1, (longer + 1) / 3);
    const bool begins = name.size() >= 2 && candidate.starts_with(name);
    if (!begins && longer - shorter > most && longer <= 128) continue;  // it is as far at least
    const size_t distance = EditDistance(name, candidate);
    const bool near = distance <= most && distance < longer;
    if ((near || begins) && (best.empty() || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string NameList(const std::vector<std::string>& names, size_t limit) {
  if (names.empty()) return "none";
  const size_t shown = std::min(names.size(), limit);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += "`" + names[i] + "`";
  }
  if (shown < names.size()) text += " or " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace retort

#include "core/model/special_tokens.h"

namespace retort {

bool SpecialTokens::Add(std::string_view text, int32_t token) {
  if (text.empty()) return true;
  starts_[static_cast<uint8_t>(text[0])] = true;
  uint32_t node = 0;
  for (char byte : text) {
    const auto [edge, added] = edges_.try_emplace(Edge(node, byte), nodes_);
    if (added) ++nodes_;
    node = edge->second;
  }
  return ends_.try_emplace(node, token).second;
}

SpecialTokens::Match SpecialTokens::Find(std::string_view text, size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!starts_[static_cast<uint8_t>(text[begin])]) continue;
    Match match;
    uint32_t node = 0;
    for (size_t i = begin; i < text.size(); ++i) {
      const auto edge = edges_.find(Edge(node, text[i]));
      if (edge == edges_.end()) break;
      node = edge->second;
      if (const auto end = ends_.find(node); end != ends_.end()) match = {begin, i + 1 - begin, end->second};
    }
    if (match.token >= 0) return match;
  }
  return {};
}

}  // namespace retort

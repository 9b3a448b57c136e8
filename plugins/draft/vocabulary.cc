#include "plugins/draft/vocabulary.h"

#include <algorithm>

#include "core/model/utf8.h"

namespace drafting {

using retort::FindInvalidUtf8;
using retort::Utf8CharLength;

Vocabulary::Vocabulary(Data data) : data_(std::move(data)) {
  for (size_t i = 0; i < size(); ++i) {
    const auto& [bytes, special, end] = data_.tokens[i];
    if (bytes.empty()) continue;
    if (special) {
      specials_.try_emplace(bytes, static_cast<int32_t>(i));
    } else if (FindInvalidUtf8(bytes) != bytes.npos) {
      parts_.try_emplace(bytes, static_cast<int32_t>(i));
      longest_part_ = std::max(longest_part_, bytes.size());
    }
  }
}

int32_t Vocabulary::FindSpecial(std::string_view name) const {
  const auto found = specials_.find(name);
  return found == specials_.end() ? -1 : found->second;
}

std::vector<int32_t> Vocabulary::Encode(std::string_view bytes) const {
  std::vector<int32_t> out;
  while (!bytes.empty()) {
    const size_t valid = std::min(FindInvalidUtf8(bytes), bytes.size());
    if (valid > 0) {
      const auto tokens = data_.encode(bytes.substr(0, valid));
      if (tokens.ok()) out.insert(out.end(), tokens->begin(), tokens->end());
    }
    size_t end = valid;
    while (end < bytes.size() && Utf8CharLength(bytes, end) == 0) ++end;
    EncodeParts(bytes.substr(valid, end - valid), &out);
    bytes.remove_prefix(end);
  }
  return out;
}

std::vector<int32_t> Vocabulary::EncodeBeginning(std::string_view bytes) const {
  constexpr std::string_view kSpace = " \t\r\n\v\f", kLetter = "a";
  if (!bytes.empty() && kSpace.find(bytes.back()) != kSpace.npos) {
    std::vector<int32_t> tokens = Encode(std::string(bytes).append(kLetter));
    if (!tokens.empty() && (*this)[tokens.back()].bytes == kLetter) {
      tokens.pop_back();
      return tokens;
    }
  }
  return Encode(bytes);
}

void Vocabulary::EncodeParts(std::string_view bytes, std::vector<int32_t>* out) const {
  while (!bytes.empty()) {
    size_t length = std::min(longest_part_, bytes.size());
    auto found = parts_.find(bytes.substr(0, length));
    while (found == parts_.end() && length > 1) found = parts_.find(bytes.substr(0, --length));
    if (found != parts_.end()) out->push_back(found->second);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
}

std::vector<int32_t> Vocabulary::Spelling(std::string_view bytes) const {
  std::vector<int32_t> out;
  for (size_t i = 0; i < size(); ++i) {
    const Token& token = data_.tokens[i];
    if (token.special || token.bytes.empty()) continue;
    const size_t both = std::min(token.bytes.size(), bytes.size());
    if (token.bytes.substr(0, both) == bytes.substr(0, both)) out.push_back(static_cast<int32_t>(i));
  }
  return out;
}

size_t WithoutOpenCharacter(std::string_view bytes) {
  for (size_t open = 1; open <= std::min<size_t>(3, bytes.size()); ++open) {
    std::string end(bytes.substr(bytes.size() - open));
    const auto lead = static_cast<uint8_t>(end[0]);
    if (lead < 0xC2 || lead > 0xF4) continue;
    const size_t whole = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (open == 1) return bytes.size() - 1;
    if (open >= whole) break;
    end.resize(whole, '\x80');  // any later byte does; which second bytes do, the lead says
    return Utf8CharLength(end, 0) == whole ? bytes.size() - open : bytes.size();
  }
  return bytes.size();
}

}  // namespace drafting

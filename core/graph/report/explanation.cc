#include "core/graph/report/explanation.h"

#include <algorithm>
#include <span>

#include "core/model/generation.h"
#include "core/model/utf8.h"
#include "core/plugin/provenance.h"

namespace retort {
namespace {

constexpr std::string_view kNoCharacter = "\xEF\xBF\xBD";

/// Bytes of tokens as they come, characters as they are complete.
class Characters {
 public:
  /// The characters that `bytes` completes. What begins none becomes U+FFFD; what may still become one waits.
  std::string Add(std::string_view bytes, bool last = false) {
    open_.append(bytes);
    std::string out;
    size_t at = 0;
    while (at < open_.size()) {
      const size_t length = Utf8CharLength(open_, at);
      if (length == 0 && !last && MayGoOn(std::string_view(open_).substr(at))) break;
      out.append(length == 0 ? kNoCharacter : std::string_view(open_).substr(at, length));
      at += std::max<size_t>(length, 1);
    }
    open_.erase(0, at);
    return out;
  }

 private:
  /// Whether these bytes, to the end, are the beginning of a character.
  static bool MayGoOn(std::string_view bytes) {
    const auto lead = static_cast<uint8_t>(bytes.front());
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    return bytes.size() < length && std::all_of(bytes.begin() + 1, bytes.end(),
                                                [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; });
  }
  std::string open_;
};

std::string TextOf(const Tokenizer& tokenizer, std::span<const int32_t> tokens) {
  Characters characters;
  return characters.Add(tokenizer.Decode(tokens.data(), tokens.size(), /*special=*/true), /*last=*/true);
}

size_t IndexOf(const std::string& drafter, std::vector<std::string>* drafters) {
  const auto index = static_cast<size_t>(std::find(drafters->begin(), drafters->end(), drafter) - drafters->begin());
  if (index == drafters->size()) drafters->push_back(drafter);
  return index;
}

void AddToken(std::string text, size_t drafter, std::vector<TextPiece>* pieces) {
  if (pieces->empty() || pieces->back().drafter != drafter) pieces->push_back({{}, drafter, 0});
  pieces->back().text += text;
  ++pieces->back().tokens;
}

void AddRejected(const TokenBlock& block, const Tokenizer& tokenizer, ExplainedStep* step) {
  std::vector<int32_t> rejected;
  for (size_t node = 0; node < std::min(block.run, block.draft.size()); ++node) {
    if (std::find(block.path.begin(), block.path.end(), static_cast<int32_t>(node)) == block.path.end())
      rejected.push_back(block.draft[node]);
  }
  step->rejected = TextOf(tokenizer, rejected);
  step->rejected_tokens = rejected.size();
  step->left_out_tokens = block.draft.size() - std::min(block.run, block.draft.size());
}

}  // namespace

size_t Explanation::target_tokens() const { return drafted_tokens(TextPiece::kTarget); }

size_t Explanation::drafted_tokens(size_t drafter) const {
  size_t tokens = 0;
  for (const ExplainedStep& step : steps) {
    for (const TextPiece& piece : step.pieces) tokens += piece.drafter == drafter ? piece.tokens : 0;
  }
  return tokens;
}

Explanation Explain(const Record& record) {
  Explanation out{record.id, {}, {}};
  if (record.generation == nullptr || record.provenance == nullptr) return out;
  const std::vector<int32_t>& tokens = record.generation->tokens();
  const Tokenizer& tokenizer = record.generation->tokenizer();
  Characters characters;
  for (const TokenBlock& block : record.provenance->blocks()) {
    ExplainedStep& step = out.steps.emplace_back();
    if (!block.draft.empty()) step.drafter = IndexOf(block.drafter, &out.drafters);
    for (size_t i = 0; i < block.count; ++i) {
      const bool last = block.begin + i + 1 == tokens.size();
      AddToken(characters.Add(tokenizer.Decode(&tokens[block.begin + i], 1, /*special=*/true), last),
               i < block.accepted ? step.drafter : TextPiece::kTarget, &step.pieces);
    }
    AddRejected(block, tokenizer, &step);
  }
  return out;
}

}  // namespace retort

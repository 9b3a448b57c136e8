#include "plugins/draft/drafted_text.h"

#include <algorithm>

#include "core/model/utf8.h"

namespace drafting {

bool DraftedText::Append(int32_t token) {
  const Vocabulary::Token drafted = (*own_)[token];
  if (drafted.special) {
    end_ = EndFor(drafted);
    return false;
  }
  const std::string_view owing = owed();
  const size_t both = std::min(owing.size(), drafted.bytes.size());
  if (drafted.bytes.empty() || drafted.bytes.substr(0, both) != owing.substr(0, both)) return false;
  text_ += drafted.bytes;
  return true;
}

int32_t DraftedText::EndFor(const Vocabulary::Token& special) const {
  const int32_t namesake = target_->FindSpecial(special.bytes);
  return namesake < 0 && special.end ? target_->eos() : namesake;
}

/// The text of the last tokens, as far back as they are text.
std::string DraftedText::Context() const {
  size_t first = sequence_.size();
  while (first > 0 && sequence_.size() - first < kContext && !(*target_)[sequence_[first - 1]].special) --first;
  std::string text;
  for (const int32_t token : sequence_.subspan(first)) text += (*target_)[token].bytes;
  size_t begin = 0;
  while (begin < text.size() && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) ++begin;
  return text.substr(begin);
}

std::vector<int32_t> DraftedText::Tokens() const {
  std::vector<int32_t> out;
  const bool nothing_whole = !text_.empty() && WithoutOpenCharacter(text_) == 0;
  if (text_.size() < open_.size() || nothing_whole) return out;
  std::string_view body = std::string_view(text_).substr(open_.size());
  std::string context = Context();
  if (const size_t character = open_.empty() ? 0 : retort::Utf8CharLength(text_, 0); character > 0) {
    const std::string_view rest = body.substr(0, character - open_.size());
    target_->EncodeParts(rest, &out);
    context += rest;
    body.remove_prefix(rest.size());
  }
  const size_t whole = WithoutOpenCharacter(body);
  const bool to_the_end = whole == body.size();
  body = body.substr(0, whole);
  const auto encode = [&](std::string_view text) {
    return to_the_end && end_ >= 0 ? target_->Encode(text) : target_->EncodeBeginning(text);
  };
  const std::vector<int32_t> joint = encode(context + std::string(body));
  size_t first = joint.size(), left = body.size();
  while (first > 0 && left > 0 && (*target_)[joint[first - 1]].bytes.size() <= left)
    left -= (*target_)[joint[--first]].bytes.size();
  if (left == 0) {
    AppendFaithful(std::span(joint).subspan(first), body, &out);
  } else {
    AppendFaithful(encode(body), body, &out);
  }
  if (to_the_end && end_ >= 0) out.push_back(end_);
  return out;
}

/// As many of `tokens` as spell the beginning of `text`.
void DraftedText::AppendFaithful(std::span<const int32_t> tokens, std::string_view text,
                                 std::vector<int32_t>* out) const {
  for (const int32_t token : tokens) {
    const std::string_view bytes = (*target_)[token].bytes;
    if (!text.starts_with(bytes)) return;
    out->push_back(token);
    text.remove_prefix(bytes.size());
  }
}

}  // namespace drafting

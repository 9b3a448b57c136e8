#include "plugins/draft/text_alignment.h"

#include <algorithm>

namespace drafting {

void TextAlignment::Update(std::span<const int32_t> sequence) {
  const bool grown = sequence.size() >= seen_.size() && std::equal(seen_.begin(), seen_.end(), sequence.begin());
  if (!grown || seen_.empty()) {
    seen_.clear();
    tokens_.assign(own_.beginning().begin(), own_.beginning().end());
    run_.clear();
    run_first_ = tokens_.size();
    ends_.clear();
    covered_ = 0;
  }
  const auto fresh = sequence.subspan(seen_.size());
  for (const int32_t token : fresh) Add(token);
  Encode(false);
  seen_.insert(seen_.end(), fresh.begin(), fresh.end());
}

void TextAlignment::Add(int32_t token) {
  const auto [bytes, special, end] = of_sequence_[token];
  const int32_t namesake = special ? own_.FindSpecial(bytes) : -1;
  if (namesake < 0) {
    if (!special || token != of_sequence_.bos() || !AtBeginning()) run_ += bytes;
    return;
  }
  Encode(true);
  const bool begun = AtBeginning() && !tokens_.empty() && tokens_.back() == namesake;
  if (!begun) tokens_.push_back(namesake);
  run_.clear();
  run_first_ = tokens_.size();
  ends_.clear();
  covered_ = 0;
}

/// Bring tokens_ up to the run's text: all of it, or up to a character that is not whole yet.
void TextAlignment::Encode(bool whole) {
  const size_t end = whole ? run_.size() : covered_ + WithoutOpenCharacter(open());
  if (end == covered_) return;
  for (size_t count = kLookbehind;; count *= 2) {
    const size_t first = BorderBefore(count);
    const Piece piece = EncodePiece(Start(first), end, whole);
    Joint joint{first, 0};
    const bool joined = first == 0 || Join(piece, count, &joint);
    if (!joined && count < kLongestLookbehind) continue;
    tokens_.resize(run_first_ + joint.old);
    ends_.resize(joint.old);
    const auto from = static_cast<std::ptrdiff_t>(joint.fresh);
    tokens_.insert(tokens_.end(), piece.tokens.begin() + from, piece.tokens.end());
    ends_.insert(ends_.end(), piece.ends.begin() + from, piece.ends.end());
    break;
  }
  covered_ = end;
}

/// The first of the last `count` tokens that begins at a known place, or one before it that begins a character; past
/// them all, the end.
size_t TextAlignment::BorderBefore(size_t count) const {
  size_t first = ends_.size() - std::min(ends_.size(), count);
  while (first < ends_.size() && Start(first) == kNowhere) ++first;
  const auto inside = [&](size_t token) {
    return Start(token) < run_.size() && (static_cast<uint8_t>(run_[Start(token)]) & 0xC0) == 0x80;
  };
  size_t begin = first;
  for (int i = 0; i < 3 && begin > 0 && Start(begin) != kNowhere && inside(begin); ++i) --begin;
  return Start(begin) == kNowhere ? first : begin;
}

TextAlignment::Piece TextAlignment::EncodePiece(size_t start, size_t end, bool whole) {
  const std::string_view text = std::string_view(run_).substr(start, end - start);
  Piece piece{whole ? own_.Encode(text) : own_.EncodeBeginning(text), {}};
  encoded_bytes_ += text.size();
  std::string decoded;
  for (const int32_t token : piece.tokens) {
    decoded += own_[token].bytes;
    piece.ends.push_back(decoded.size());
  }
  const bool spelt = std::string_view(decoded).ends_with(text);
  const size_t added = decoded.size() - std::min(decoded.size(), text.size());  // before the text
  for (size_t& place : piece.ends) place = spelt ? start + std::max(place, added) - added : kNowhere;
  if (!spelt && !piece.ends.empty()) piece.ends.back() = end;
  return piece;
}

/// In the middle of the last `count` tokens, if it is a border in the piece too and both have the same tokens before
/// it, a quarter of `count`: those of the piece have then seen enough text before them, and those of the run enough
/// after them.
bool TextAlignment::Join(const Piece& piece, size_t count, Joint* joint) const {
  const size_t old = ends_.size() - count / 2;
  const auto end = std::find(piece.ends.begin(), piece.ends.end(), Start(old));
  const auto fresh = static_cast<size_t>(end - piece.ends.begin()) + 1, same = count / 4;
  if (Start(old) == kNowhere || end == piece.ends.end() || fresh < same) return false;
  for (size_t i = 1; i <= same; ++i) {
    if (piece.tokens[fresh - i] != tokens_[run_first_ + old - i]) return false;
  }
  *joint = {old, fresh};
  return true;
}

}  // namespace drafting

#include "core/model/text_tokens.h"

#include <algorithm>
#include <istream>
#include <string_view>

namespace retort {
namespace {

constexpr size_t kPieceBytes = 1 << 16;

/// Where a text may be cut without another split into words than the whole has: before the last line that begins with
/// no white space. No pre-tokenizer joins a line's end to what begins the next. 0: nowhere.
size_t LastCut(std::string_view text) {
  for (size_t i = text.size(); i-- > 1;) {
    if (text[i - 1] == '\n' && std::string_view(" \t\r\n\v\f").find(text[i]) == std::string_view::npos &&
        static_cast<unsigned char>(text[i]) < 0x80)  // beyond ASCII lies more white space
      return i;
  }
  return 0;
}

}  // namespace

Status TextTokens::ReadPiece() {
  size_t cut = 0;
  while (cut == 0 && !ended_) {
    const size_t old = text_.size();
    text_.resize(old + kPieceBytes);
    in_.read(text_.data() + old, static_cast<std::streamsize>(kPieceBytes));
    if (in_.bad()) return DataLoss(name_ + ": reading failed after byte " + std::to_string(offset_ + old));
    text_.resize(old + static_cast<size_t>(in_.gcount()));
    ended_ = in_.eof();
    cut = ended_ ? text_.size() : LastCut(text_);
  }
  return EncodePiece(cut);
}

Status TextTokens::EncodePiece(size_t size) {
  const std::string_view piece = std::string_view(text_).substr(0, size);
  const auto place = [&] { return name_ + ": in the text from byte " + std::to_string(offset_) + " on"; };
  auto tokens = tokenizer_.Encode(piece, {});
  if (!tokens.ok()) return tokens.status().Annotate(place());
  if (twin_ != nullptr) {
    auto others = twin_->Encode(piece, {});
    if (!others.ok()) return others.status().Annotate(place());
    if (*tokens != *others) {
      return InvalidArgument(place() + ": expected the same tokens from both models, got different ones; compare " +
                             "models that share a tokenizer");
    }
  }
  tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  tokens_.insert(tokens_.end(), tokens->begin(), tokens->end());
  text_.erase(0, size);
  offset_ += size;
  return {};
}

Status TextTokens::Take(size_t count, std::vector<int32_t>* out) {
  while (tokens_.size() - next_ < count && !ended_) RETORT_RETURN_IF_ERROR(ReadPiece());
  const size_t taken = std::min(count, tokens_.size() - next_);
  const auto from = tokens_.begin() + static_cast<std::ptrdiff_t>(next_);
  out->insert(out->end(), from, from + static_cast<std::ptrdiff_t>(taken));
  next_ += taken;
  return {};
}

}  // namespace retort

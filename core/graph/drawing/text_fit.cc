#include "core/graph/drawing/text_fit.h"

#include <algorithm>
#include <vector>

#include "core/model/utf8.h"

namespace retort {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr double kRounding = 0.01;  // of sums of widths
constexpr double kBeginning = 0.6;  // of the room, the rest is for the end

/// The character at `offset`; a single byte where it is none.
std::string_view CharacterAt(std::string_view text, size_t offset) {
  return text.substr(offset, std::max<size_t>(1, Utf8CharLength(text, offset)));
}

/// In sizes of the font.
double CharacterWidth(std::string_view character) {
  constexpr std::string_view kNarrow = "ijltfrI.,:;'|!()[]/ -`\"", kWide = "mwMWOQGD@%";
  if (character.size() >= 3) return character == kEllipsis ? 1.0 : 1.05;  // CJK and symbols
  if (character.size() == 2) return 0.7;
  const char c = character.front();
  if (kNarrow.find(c) != std::string_view::npos) return 0.41;
  if (kWide.find(c) != std::string_view::npos) return 0.95;
  return c >= 'A' && c <= 'Z' ? 0.72 : 0.635;
}

}  // namespace

double TextWidth(std::string_view text, double size) {
  double width = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string_view character = CharacterAt(text, at);
    width += CharacterWidth(character);
    at += character.size();
  }
  return width * size;
}

std::string FitText(std::string_view text, double size, double width) {
  if (TextWidth(text, size) <= width + kRounding) return std::string(text);
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size(); at += characters.back().size()) characters.push_back(CharacterAt(text, at));
  const double room = std::max(0.0, width - TextWidth(kEllipsis, size));
  size_t begin = 0, end = characters.size();
  double used = 0;
  const auto take = [&](std::string_view character, double limit) {
    const double wider = used + CharacterWidth(character) * size;
    if (wider > limit) return false;
    used = wider;
    return true;
  };
  while (begin < end && take(characters[begin], room * kBeginning)) ++begin;
  while (end > begin && take(characters[end - 1], room)) --end;
  std::string out;
  for (size_t i = 0; i < begin; ++i) out += characters[i];
  out += kEllipsis;
  for (size_t i = end; i < characters.size(); ++i) out += characters[i];
  return out;
}

}  // namespace retort

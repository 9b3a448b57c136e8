#include "core/graph/drawing/xml_text.h"

#include "core/base/secrets.h"
#include "core/model/utf8.h"

namespace retort {
namespace {

constexpr std::string_view kNoCharacter = "\xEF\xBF\xBD";

bool Allowed(std::string_view character) {
  if (character.size() > 1) return character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
  const auto byte = static_cast<unsigned char>(character.front());
  return byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

std::string_view Reference(char byte) {
  switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

}  // namespace

std::string XmlText(std::string_view shown) {
  const std::string text = Redacted(shown);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8CharLength(text, at);
    const std::string_view character = std::string_view(text).substr(at, length == 0 ? 1 : length);
    const std::string_view reference = Reference(text[at]);
    out += !reference.empty() ? reference : length == 0 || !Allowed(character) ? kNoCharacter : character;
    at += character.size();
  }
  return out;
}

}  // namespace retort

#include "tools/cli/report/html.h"

#include <fmt/format.h>

#include "core/base/secrets.h"
#include "core/model/utf8.h"

namespace retort::cli {
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

std::string HtmlText(std::string_view shown) {
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

std::string HtmlTable(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                      size_t first_number) {
  const auto type = [&](size_t column) { return column >= first_number ? " class=\"number\"" : ""; };
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (size_t i = 0; i < columns.size(); ++i)
    out += fmt::format("<th scope=\"col\"{}>{}</th>", type(i), HtmlText(columns[i]));
  out += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows) {
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      out += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", row[i]) : fmt::format("<td{}>{}</td>", type(i), row[i]);
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string HtmlTile(std::string_view value, std::string_view name) {
  return fmt::format("<li><strong>{}</strong>{}</li>\n", HtmlText(value), HtmlText(name));
}

std::string HtmlSection(std::string_view heading, std::string_view body) {
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", HtmlText(heading), body);
}

}  // namespace retort::cli

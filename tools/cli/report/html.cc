#include "tools/cli/report/html.h"

#include <fmt/format.h>

namespace retort::cli {

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

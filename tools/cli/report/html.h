// Text for HTML that is XML too. Everything that comes from a file, a record or a model goes through HtmlText.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph/drawing/xml_text.h"

namespace retort::cli {

/// `text` for element content and quoted attributes.
inline std::string HtmlText(std::string_view text) { return XmlText(text); }

/// A table with a heading for each column; cells are HTML. Columns from `first_number` on hold numbers.
std::string HtmlTable(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                      size_t first_number = 1);

/// An item of a list of tiles: a figure, and what it is. Both are text.
std::string HtmlTile(std::string_view value, std::string_view name);

/// A section with a heading, which is text; `body` is HTML.
std::string HtmlSection(std::string_view heading, std::string_view body);

}  // namespace retort::cli

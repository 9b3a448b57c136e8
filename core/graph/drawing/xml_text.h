// Text for XML, and so for SVG and for HTML that is XML too. Everything that comes from a file, a record or a model
// goes through it; secrets are left out.
#pragma once

#include <string>
#include <string_view>

namespace retort {

/// `text` for element content and quoted attributes: & < > " ' as references; bytes that are no UTF-8, and characters
/// that XML 1.0 does not allow (NUL, most controls, U+FFFE, U+FFFF), as U+FFFD.
std::string XmlText(std::string_view text);

}  // namespace retort

// How wide text will be that another program sets, and text cut to fit.
#pragma once

#include <string>
#include <string_view>

namespace retort {

/// Width in pixels of UTF-8 text in a sans-serif font of `size` pixels, rather too great than too small: measured on
/// DejaVu Sans, which is wider than Helvetica and its like. Bytes that are no UTF-8 count as a character each.
double TextWidth(std::string_view text, double size);

/// `text` where it is at most `width` wide, else its beginning and its end round an ellipsis: names often differ at
/// either. Whole characters stay.
std::string FitText(std::string_view text, double size, double width);

}  // namespace retort

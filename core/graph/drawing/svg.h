// A drawing as SVG: layered from left to right, edges against the flow dashed and round below, text escaped, no script,
// nothing from elsewhere, light and dark by the reader's setting.
#pragma once

#include <string>

#include "core/graph/drawing/drawing.h"

namespace retort {

struct SvgOptions {
  bool inside_page = false;  // for inline use in HTML: no heading, no ground, no namespace; a least width
};

/// Well-formed XML, an element `svg` of class `retort-graph`; its rules are bound to that class.
std::string DrawingSvg(const GraphDrawing& drawing, const SvgOptions& options = {});

}  // namespace retort

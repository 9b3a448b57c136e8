// A drawing in the languages of other programs: Graphviz and Mermaid.
#pragma once

#include <string>

#include "core/graph/drawing/drawing.h"

namespace retort {

/// Graphviz's DOT: a digraph from left to right, edges against the flow dashed and without a say in the ranks.
std::string DrawingDot(const GraphDrawing& drawing);

/// A Mermaid flowchart, as Markdown of many sites shows it inside ```mermaid.
std::string DrawingMermaid(const GraphDrawing& drawing);

}  // namespace retort

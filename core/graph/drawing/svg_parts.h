// The parts of an SVG drawing: a stage, an edge, the models. Used by DrawingSvg alone.
#pragma once

#include <string>

#include "core/graph/drawing/drawing.h"
#include "core/graph/drawing/layout.h"

namespace retort {

/// The room that a stage's lines need, and an edge's label.
LayoutBox StageSize(const GraphDrawing& drawing, const DrawnStage& stage);
LayoutEdge EdgeSize(const DrawnEdge& edge);

std::string StageSvg(const GraphDrawing& drawing, const DrawnStage& stage, const PlacedBox& box);
std::string EdgeSvg(const GraphDrawing& drawing, const DrawnEdge& edge, const EdgeRoute& route);

/// `content` (text) beginning at x, on the baseline y. `full`: what it was cut from, shown by the reader's pointer.
std::string TextSvg(double x, double y, const std::string& type, const std::string& content,
                    const std::string& full = "");

/// The dot of a model's colour.
std::string ModelDotSvg(double x, double y, size_t model);

}  // namespace retort

// Where the parts of a graph go: boxes in columns from left to right by their longest way from a source, edges between
// them, and edges against the flow round below. Knows sizes and places, no text and no format. Lengths are in pixels,
// y grows downwards.
//
// The method is that of Sugiyama, Tagawa and Toda 1981: layers, order within layers by barycentres, then positions.
#pragma once

#include <cstddef>
#include <vector>

namespace retort {

struct LayoutBox {
  double width = 0, height = 0;
};

struct LayoutEdge {
  size_t from = 0, to = 0;                  // indices of boxes
  bool back = false;                        // runs against the flow
  double label_width = 0;                   // room for a label at the edge's beginning,
  double label_above = 0, label_below = 0;  // above and below its line
};

struct LayoutPoint {
  double x = 0, y = 0;
};

struct PlacedBox {
  double x = 0, y = 0, width = 0, height = 0;  // no smaller than asked for; all boxes of a column are equally wide
  size_t column = 0;
};

struct EdgeRoute {
  /// An edge with the flow: lines and curves in turn, the first a line. One that runs around: lines with corners.
  std::vector<LayoutPoint> points;
  bool around = false;  // back edges, and others that would close a cycle of forward edges
};

struct GraphLayout {
  std::vector<PlacedBox> boxes;
  std::vector<EdgeRoute> routes;  // by edge; the label has its room after the first point, on the first line
  double width = 0, height = 0;   // everything is between 0 and these
};

/// Any graph: cycles, loops, several edges between two boxes, parts that are not connected. The time is near linear in
/// boxes, edges, and columns that edges cross.
GraphLayout LayOut(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges);

}  // namespace retort

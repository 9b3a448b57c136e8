// The graph that LayOut works on: every box in a layer, every edge with the flow a chain of nodes through adjacent
// layers. Used by LayOut alone; the steps are in the order of this file.
#pragma once

#include <limits>
#include <vector>

#include "core/graph/drawing/layout.h"

namespace retort {

/// A step of an edge from a layer to the next.
struct LayerLink {
  size_t from = 0, to = 0;                // nodes
  double from_offset = 0, to_offset = 0;  // of the edge's ends from the middles of the nodes
};

struct LayerNode {
  static constexpr size_t kVirtual = std::numeric_limits<size_t>::max();
  size_t box = kVirtual;  // kVirtual: an edge passes here
  size_t layer = 0;
  size_t position = 0;  // in its layer
  double height = 0;
  double middle = 0;            // y
  std::vector<size_t> in, out;  // links
};

struct LayeredGraph {
  std::vector<LayerNode> nodes;             // those of the boxes first, by index
  std::vector<std::vector<size_t>> layers;  // nodes from top to bottom
  std::vector<LayerLink> links;
  std::vector<std::vector<size_t>> chains;  // of each edge, links; empty: it runs around
};

/// Layers by the longest way from a source. Forward edges that would close a cycle run around.
LayeredGraph MakeLayers(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges);

/// Order the nodes of each layer so that few links cross.
void OrderLayers(LayeredGraph& graph);

/// Where each edge leaves and enters its boxes, from their middles; boxes grow until all ends and labels have room.
/// Edges with the flow lie round the middle, in the order of what they lead to; those that run around below them.
struct EdgeEnds {
  std::vector<double> leave, enter;  // by edge
};
EdgeEnds PlaceEnds(LayeredGraph& graph, const std::vector<LayoutEdge>& edges);

/// Give every node its y: edges as straight as the order and the distances allow.
void PlaceNodes(LayeredGraph& graph);

/// Columns, and the ways of the edges.
GraphLayout RouteEdges(const LayeredGraph& graph, const std::vector<LayoutBox>& boxes,
                       const std::vector<LayoutEdge>& edges, const EdgeEnds& ends);

}  // namespace retort

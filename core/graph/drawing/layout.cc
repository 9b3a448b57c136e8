#include "core/graph/drawing/layout.h"

#include "core/graph/drawing/layered_graph.h"

namespace retort {

GraphLayout LayOut(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges) {
  LayeredGraph graph = MakeLayers(boxes, edges);
  OrderLayers(graph);
  const EdgeEnds ends = PlaceEnds(graph, edges);
  PlaceNodes(graph);
  return RouteEdges(graph, boxes, edges, ends);
}

}  // namespace retort

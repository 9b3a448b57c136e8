#include <algorithm>

#include "core/graph/drawing/layered_graph.h"

namespace retort {
namespace {

constexpr double kBetweenEnds = 16, kBetweenLabels = 6;

/// Ends of edges at one side of a box, from top to bottom.
struct Side {
  std::vector<size_t> with_flow, around;  // edges
};

/// The distance from an end to the next below it.
double Distance(const LayoutEdge& upper, const LayoutEdge& lower, bool labels) {
  return labels ? std::max(kBetweenEnds, upper.label_below + lower.label_above + kBetweenLabels) : kBetweenEnds;
}

/// Offsets from the box's middle into `offset`; grows the box.
void PlaceSide(const Side& side, const std::vector<LayoutEdge>& edges, bool labels, std::vector<double>& offset,
               LayerNode& node) {
  std::vector<size_t> order = side.with_flow;
  order.insert(order.end(), side.around.begin(), side.around.end());
  if (order.empty()) return;
  double at = 0, block = 0;  // `block`: from the first to the last with the flow
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0) at += Distance(edges[order[i - 1]], edges[order[i]], labels);
    if (i < side.with_flow.size()) block = at;
    offset[order[i]] = at;
  }
  for (const size_t edge : order) offset[edge] -= block / 2;
  const double above = labels ? edges[order.front()].label_above : kBetweenEnds / 2;
  const double below = labels ? edges[order.back()].label_below : kBetweenEnds / 2;
  node.height = std::max({node.height, 2 * (above - offset[order.front()]), 2 * (offset[order.back()] + below)});
}

}  // namespace

EdgeEnds PlaceEnds(LayeredGraph& graph, const std::vector<LayoutEdge>& edges) {
  std::vector<Side> leaving(graph.nodes.size()), entering(graph.nodes.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    const bool around = graph.chains[i].empty();
    (around ? leaving[edges[i].from].around : leaving[edges[i].from].with_flow).push_back(i);
    (around ? entering[edges[i].to].around : entering[edges[i].to].with_flow).push_back(i);
  }
  EdgeEnds ends{std::vector<double>(edges.size()), std::vector<double>(edges.size())};
  const auto first = [&](size_t e) { return graph.nodes[graph.links[graph.chains[e].front()].to].position; };
  const auto last = [&](size_t e) { return graph.nodes[graph.links[graph.chains[e].back()].from].position; };
  for (size_t node = 0; node < graph.nodes.size() && graph.nodes[node].box != LayerNode::kVirtual; ++node) {
    std::vector<size_t>&out = leaving[node].with_flow, &in = entering[node].with_flow;
    std::stable_sort(out.begin(), out.end(), [&](size_t a, size_t b) { return first(a) < first(b); });
    std::stable_sort(in.begin(), in.end(), [&](size_t a, size_t b) { return last(a) < last(b); });
    PlaceSide(leaving[node], edges, /*labels=*/true, ends.leave, graph.nodes[node]);
    PlaceSide(entering[node], edges, /*labels=*/false, ends.enter, graph.nodes[node]);
  }
  for (size_t i = 0; i < edges.size(); ++i) {
    if (graph.chains[i].empty()) continue;
    graph.links[graph.chains[i].front()].from_offset = ends.leave[i];
    graph.links[graph.chains[i].back()].to_offset = ends.enter[i];
  }
  return ends;
}

}  // namespace retort

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/graph/drawing/layered_graph.h"

namespace retort {
namespace {

constexpr int kSweeps = 16;
constexpr size_t kLargeGraph = 20000;  // links; above, fewer sweeps
constexpr int kSweepsOfLarge = 4;

using Order = std::vector<std::vector<size_t>>;

/// Pairs of links into `layer` that cross: inversions, counted with a Fenwick tree (Barth, Jünger, Mutzel 2002).
uint64_t Crossings(const LayeredGraph& graph, size_t layer) {
  std::vector<std::pair<size_t, size_t>> ends;
  for (const size_t node : graph.layers[layer]) {
    for (const size_t link : graph.nodes[node].in)
      ends.emplace_back(graph.nodes[graph.links[link].from].position, graph.nodes[node].position);
  }
  std::sort(ends.begin(), ends.end());
  std::vector<uint64_t> tree(graph.layers[layer].size() + 1);
  uint64_t crossings = 0, seen = 0;
  for (const auto& [from, to] : ends) {
    uint64_t not_below = 0;
    for (size_t i = to + 1; i > 0; i &= i - 1) not_below += tree[i];
    crossings += seen++ - not_below;
    for (size_t i = to + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
  }
  return crossings;
}

uint64_t Crossings(const LayeredGraph& graph) {
  uint64_t sum = 0;
  for (size_t layer = 1; layer < graph.layers.size(); ++layer) sum += Crossings(graph, layer);
  return sum;
}

void Number(LayeredGraph& graph, size_t layer) {
  for (size_t i = 0; i < graph.layers[layer].size(); ++i) graph.nodes[graph.layers[layer][i]].position = i;
}

/// Sort a layer by the mean position of the neighbours on one side; nodes without any keep their position.
void SortByNeighbours(LayeredGraph& graph, size_t layer, bool downstream) {
  std::vector<std::pair<double, size_t>> keyed;
  for (const size_t index : graph.layers[layer]) {
    const LayerNode& node = graph.nodes[index];
    const std::vector<size_t>& links = downstream ? node.out : node.in;
    double sum = 0;
    for (const size_t link : links) {
      const LayerLink& l = graph.links[link];
      sum += static_cast<double>(graph.nodes[downstream ? l.to : l.from].position);
    }
    const auto own = static_cast<double>(node.position);
    keyed.emplace_back(links.empty() ? own : sum / static_cast<double>(links.size()), index);
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < keyed.size(); ++i) graph.layers[layer][i] = keyed[i].second;
  Number(graph, layer);
}

}  // namespace

void OrderLayers(LayeredGraph& graph) {
  const size_t layers = graph.layers.size();
  Order best = graph.layers;
  uint64_t fewest = Crossings(graph);
  const int sweeps = graph.links.size() > kLargeGraph ? kSweepsOfLarge : kSweeps;
  for (int sweep = 0; sweep < sweeps && fewest > 0; ++sweep) {
    const bool downstream = sweep % 2 == 1;
    for (size_t i = 1; i < layers; ++i) SortByNeighbours(graph, downstream ? layers - 1 - i : i, downstream);
    const uint64_t crossings = Crossings(graph);
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = graph.layers;
  }
  graph.layers = std::move(best);
  for (size_t layer = 0; layer < layers; ++layer) Number(graph, layer);
}

}  // namespace retort

#include <algorithm>

#include "core/graph/drawing/layered_graph.h"

namespace retort {
namespace {

constexpr double kBetweenBoxes = 28, kBesidePassage = 14;
constexpr int kRounds = 12;

double Weight(const LayeredGraph& graph, const LayerLink& link) {  // long edges are to be straight
  const bool from = graph.nodes[link.from].box == LayerNode::kVirtual;
  const bool to = graph.nodes[link.to].box == LayerNode::kVirtual;
  return from && to ? 8 : from || to ? 2 : 1;
}

double Gap(const LayerNode& upper, const LayerNode& lower) {
  const bool boxes = upper.box != LayerNode::kVirtual && lower.box != LayerNode::kVirtual;
  return (upper.height + lower.height) / 2 + (boxes ? kBetweenBoxes : kBesidePassage);
}

/// Nodes that stay at their least distances and share a shift.
struct Block {
  double weight, shift;
  size_t nodes;
};

/// Move a layer's nodes to where `wanted` says, as near as their distances allow: least weighted squares under
/// y[i+1] - y[i] >= gap, which is isotonic regression of wanted less the stacked gaps (pool adjacent violators).
void Settle(LayeredGraph& graph, const std::vector<size_t>& layer, const std::vector<double>& wanted,
            const std::vector<double>& weight) {
  std::vector<double> stacked(layer.size());
  std::vector<Block> blocks;
  for (size_t i = 0; i < layer.size(); ++i) {
    if (i > 0) stacked[i] = stacked[i - 1] + Gap(graph.nodes[layer[i - 1]], graph.nodes[layer[i]]);
    blocks.push_back({weight[i], wanted[i] - stacked[i], 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].shift > blocks.back().shift) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& into = blocks.back();
      into.shift = (into.shift * into.weight + last.shift * last.weight) / (into.weight + last.weight);
      into.weight += last.weight;
      into.nodes += last.nodes;
    }
  }
  size_t i = 0;
  for (const Block& block : blocks) {
    for (size_t n = 0; n < block.nodes; ++n, ++i) graph.nodes[layer[i]].middle = block.shift + stacked[i];
  }
}

/// Settle a layer by its neighbours on one side, or both.
void Straighten(LayeredGraph& graph, const std::vector<size_t>& layer, bool upstream, bool downstream) {
  std::vector<double> wanted, weights;
  for (const size_t index : layer) {
    const LayerNode& node = graph.nodes[index];
    double sum = 0, weight = 0;
    const auto pull = [&](const LayerLink& link, double to) {
      sum += Weight(graph, link) * to;
      weight += Weight(graph, link);
    };
    for (size_t i = 0; upstream && i < node.in.size(); ++i) {
      const LayerLink& link = graph.links[node.in[i]];
      pull(link, graph.nodes[link.from].middle + link.from_offset - link.to_offset);
    }
    for (size_t i = 0; downstream && i < node.out.size(); ++i) {
      const LayerLink& link = graph.links[node.out[i]];
      pull(link, graph.nodes[link.to].middle + link.to_offset - link.from_offset);
    }
    constexpr double kStay = 0.1;
    wanted.push_back(weight > 0 ? sum / weight : node.middle);
    weights.push_back(weight > 0 ? weight : kStay);
  }
  Settle(graph, layer, wanted, weights);
}

}  // namespace

void PlaceNodes(LayeredGraph& graph) {
  for (const std::vector<size_t>& layer : graph.layers) {
    std::vector<double> zero(layer.size()), one(layer.size(), 1);
    Settle(graph, layer, zero, one);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 1; i < graph.layers.size(); ++i) Straighten(graph, graph.layers[i], true, false);
    for (size_t i = graph.layers.size(); i-- > 1;) Straighten(graph, graph.layers[i - 1], round + 1 == kRounds, true);
  }
}

}  // namespace retort

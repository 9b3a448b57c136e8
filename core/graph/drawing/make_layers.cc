#include <algorithm>

#include "core/graph/drawing/layered_graph.h"

namespace retort {
namespace {

constexpr double kPassage = 12;  // height that an edge takes in a layer that it crosses

/// Which edges run around: back edges, loops, and those that end at a box from which the search has not yet returned,
/// so that what is left has no cycle.
class AroundSearch {
 public:
  AroundSearch(size_t boxes, const std::vector<LayoutEdge>& edges) : edges_(edges), out_(boxes), state_(boxes) {
    around_.resize(edges.size());
    for (size_t i = 0; i < edges.size(); ++i) {
      around_[i] = edges[i].back || edges[i].from == edges[i].to;
      if (!around_[i]) out_[edges[i].from].push_back(i);
    }
  }

  std::vector<bool> Find() {
    std::vector<bool> entered(state_.size());
    for (size_t i = 0; i < edges_.size(); ++i) {
      if (!around_[i]) entered[edges_[i].to] = true;
    }
    for (const bool sources : {true, false}) {  // from the sources first; the others are on cycles
      for (size_t box = 0; box < state_.size(); ++box) {
        if (!sources || !entered[box]) Visit(box);
      }
    }
    return around_;
  }

 private:
  enum class State { kNew, kOpen, kDone };
  struct Step {
    size_t box, next = 0;
  };

  void Visit(size_t start) {
    if (state_[start] != State::kNew) return;
    std::vector<Step> path = {{start}};  // a stack of its own: graphs may be long
    state_[start] = State::kOpen;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == out_[step.box].size()) {
        state_[step.box] = State::kDone;
        path.pop_back();
        continue;
      }
      const size_t edge = out_[step.box][step.next++], to = edges_[edge].to;
      if (state_[to] == State::kOpen) around_[edge] = true;
      if (state_[to] != State::kNew) continue;
      state_[to] = State::kOpen;
      path.push_back({to});
    }
  }

  const std::vector<LayoutEdge>& edges_;
  std::vector<std::vector<size_t>> out_;
  std::vector<State> state_;
  std::vector<bool> around_;
};

/// The longest way from a source over edges that do not run around (Kahn's order).
std::vector<size_t> LongestWays(size_t boxes, const std::vector<LayoutEdge>& edges, const std::vector<bool>& around) {
  std::vector<size_t> layer(boxes), waiting(boxes), ready;
  std::vector<std::vector<size_t>> next(boxes);
  for (size_t i = 0; i < edges.size(); ++i) {
    if (around[i]) continue;
    ++waiting[edges[i].to];
    next[edges[i].from].push_back(edges[i].to);
  }
  for (size_t box = 0; box < boxes; ++box) {
    if (waiting[box] == 0) ready.push_back(box);
  }
  for (size_t i = 0; i < ready.size(); ++i) {
    for (const size_t to : next[ready[i]]) {
      layer[to] = std::max(layer[to], layer[ready[i]] + 1);
      if (--waiting[to] == 0) ready.push_back(to);
    }
  }
  return layer;
}

size_t AddNode(LayeredGraph& graph, size_t box, size_t layer, double height) {
  LayerNode node;
  node.box = box;
  node.layer = layer;
  node.height = height;
  if (graph.layers.size() <= layer) graph.layers.resize(layer + 1);
  node.position = graph.layers[layer].size();
  graph.layers[layer].push_back(graph.nodes.size());
  graph.nodes.push_back(std::move(node));
  return graph.nodes.size() - 1;
}

size_t AddLink(LayeredGraph& graph, size_t from, size_t to) {
  graph.nodes[from].out.push_back(graph.links.size());
  graph.nodes[to].in.push_back(graph.links.size());
  graph.links.push_back({from, to, 0, 0});
  return graph.links.size() - 1;
}

}  // namespace

LayeredGraph MakeLayers(const std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges) {
  const std::vector<bool> around = AroundSearch(boxes.size(), edges).Find();
  const std::vector<size_t> layer = LongestWays(boxes.size(), edges, around);
  LayeredGraph graph;
  for (size_t i = 0; i < boxes.size(); ++i) AddNode(graph, i, layer[i], boxes[i].height);
  graph.chains.resize(edges.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    if (around[i]) continue;
    size_t from = edges[i].from;
    for (size_t between = layer[edges[i].from] + 1; between < layer[edges[i].to]; ++between) {
      const size_t node = AddNode(graph, LayerNode::kVirtual, between, kPassage);
      graph.chains[i].push_back(AddLink(graph, from, node));
      from = node;
    }
    graph.chains[i].push_back(AddLink(graph, from, edges[i].to));
  }
  return graph;
}

}  // namespace retort

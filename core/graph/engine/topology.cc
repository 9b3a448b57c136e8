#include "core/graph/engine/topology.h"

#include <algorithm>

namespace retort {
namespace {

enum class Mark : uint8_t { kNew, kOpen, kDone };

// Depth first along edges without `back`; the names from a repeated node to itself once a cycle is met.
std::string FindCycle(const Topology& graph, uint32_t at, std::vector<Mark>& marks, std::vector<uint32_t>& path) {
  marks[at] = Mark::kOpen;
  path.push_back(at);
  for (const Topology::Edge& edge : graph.nodes[at].ports) {
    if (!edge.connected || edge.back || marks[edge.to] == Mark::kDone) continue;
    if (marks[edge.to] == Mark::kOpen) {
      std::string names;
      for (auto it = std::find(path.begin(), path.end(), edge.to); it != path.end(); ++it) {
        names += graph.nodes[*it].name + " -> ";
      }
      return names + graph.nodes[edge.to].name;
    }
    if (std::string found = FindCycle(graph, edge.to, marks, path); !found.empty()) return found;
  }
  path.pop_back();
  marks[at] = Mark::kDone;
  return {};
}

}  // namespace

std::string Topology::UndeclaredCycle() const {
  std::vector<Mark> marks(nodes.size(), Mark::kNew);
  std::vector<uint32_t> path;
  for (uint32_t n = 0; n < nodes.size(); ++n) {
    if (marks[n] != Mark::kNew) continue;
    if (std::string found = FindCycle(*this, n, marks, path); !found.empty()) return found;
  }
  return {};
}

std::vector<bool> Topology::ReachableFrom(const std::vector<uint32_t>& start, bool use_back_edges) const {
  std::vector<bool> reached(nodes.size());
  std::vector<uint32_t> todo = start;
  while (!todo.empty()) {
    uint32_t at = todo.back();
    todo.pop_back();
    for (const Edge& edge : nodes[at].ports) {
      if (!edge.connected || reached[edge.to] || (edge.back && !use_back_edges)) continue;
      reached[edge.to] = true;
      todo.push_back(edge.to);
    }
  }
  return reached;
}

Status Topology::Check() const {
  std::string faults;
  auto fault = [&](const std::string& text) { faults += (faults.empty() ? "" : "\n") + text; };

  std::vector<uint32_t> sources;
  for (uint32_t n = 0; n < nodes.size(); ++n) {
    if (nodes[n].source) sources.push_back(n);
  }
  if (sources.empty()) fault("the graph has no source: add a stage without an input, such as one that reads a file");

  std::vector<bool> reached = ReachableFrom(sources, true);
  for (uint32_t n = 0; n < nodes.size(); ++n) {
    const Node& node = nodes[n];
    for (size_t p = 0; p < node.ports.size(); ++p) {
      if (!node.ports[p].connected && !node.ports[p].optional) {
        fault("stage '" + node.name + "': output port " + std::to_string(p) +
              " is not connected: add an edge from it to a stage that takes its records");
      }
      if (node.ports[p].connected && node.ports[p].back && node.ports[p].to != n &&
          !ReachableFrom({node.ports[p].to}, false)[n]) {
        const std::string& to = nodes[node.ports[p].to].name;
        fault("the edge " + node.name + " -> " + to +
              " is declared as a back edge but closes no cycle: no path of other edges leads from '" + to + "' to '" +
              node.name + "'; remove `back`");
      }
    }
    if (!sources.empty() && !node.source && !reached[n]) {
      fault("stage '" + node.name + "' is out of reach of every source: connect an edge to it or remove it");
    }
  }
  if (std::string cycle = UndeclaredCycle(); !cycle.empty()) {
    fault("the cycle " + cycle + " has no back edge: declare the edge that closes it with `back: true`");
  }
  return faults.empty() ? Status::Ok() : InvalidArgument(faults);
}

std::vector<uint32_t> Topology::Ranks() const {
  std::vector<uint32_t> ranks(nodes.size());
  for (bool changed = true; changed;) {  // without cycles this ends after at most one round per node
    changed = false;
    for (uint32_t n = 0; n < nodes.size(); ++n) {
      for (const Edge& edge : nodes[n].ports) {
        if (!edge.connected || edge.back || ranks[edge.to] > ranks[n]) continue;
        ranks[edge.to] = ranks[n] + 1;
        changed = true;
      }
    }
  }
  return ranks;
}

std::vector<std::vector<uint32_t>> Topology::Ancestors() const {
  std::vector<std::vector<uint32_t>> ancestors(nodes.size());
  for (uint32_t a = 0; a < nodes.size(); ++a) {
    std::vector<bool> reached = ReachableFrom({a}, true);
    for (uint32_t n = 0; n < nodes.size(); ++n) {
      if (reached[n]) ancestors[n].push_back(a);
    }
  }
  return ancestors;
}

}  // namespace retort

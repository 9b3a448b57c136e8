// The shape of a graph, apart from anything that runs: what the engine refuses, and the order that its schedule uses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/status.h"

namespace retort {

struct Topology {
  struct Edge {
    uint32_t to = 0;
    bool connected = false;
    bool back = false;
    bool optional = false;  // may stay unconnected
  };
  struct Node {
    std::string name;
    bool source = false;
    std::vector<Edge> ports{};
  };
  std::vector<Node> nodes;

  /// Every fault of the shape, one a line. Errors: kInvalidArgument for no source, an open port that is not optional, a
  /// stage out of reach of the sources, a cycle without a back edge, a back edge that closes no cycle.
  Status Check() const;

  /// Longest way from a source to each node, without back edges. Requires Check() to have passed.
  std::vector<uint32_t> Ranks() const;

  /// ancestors[n] holds a, ascending, if a record that stands at a can come to n (back edges included).
  std::vector<std::vector<uint32_t>> Ancestors() const;

 private:
  /// Nodes that can be reached from `start` by one edge or more.
  std::vector<bool> ReachableFrom(const std::vector<uint32_t>& start, bool use_back_edges) const;
  /// "a -> b -> a" for a cycle without a back edge, or "".
  std::string UndeclaredCycle() const;
};

}  // namespace retort

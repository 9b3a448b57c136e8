#include "core/graph/lint/possible_edges.h"

#include <algorithm>
#include <tuple>

#include "core/graph/payload.h"

namespace retort {
namespace {

using Edges = std::vector<EdgeDescription>;

bool Reaches(const Edges& edges, size_t from, size_t to, size_t stages) {
  std::vector<bool> seen(stages);
  std::vector<size_t> next = {from};
  while (!next.empty()) {
    const size_t stage = next.back();
    next.pop_back();
    if (stage == to) return true;
    if (seen[stage]) continue;
    seen[stage] = true;
    for (const EdgeDescription& edge : edges) {
      if (edge.from == stage && !edge.back) next.push_back(edge.to);
    }
  }
  return false;
}

std::vector<PossibleEdge> Possible(const PipelineDescription& pipeline, const Edges& edges) {
  const std::vector<StageDescription>& stages = pipeline.stages;
  std::vector<PossibleEdge> possible;
  const auto connected = [&](size_t to) {
    return std::any_of(edges.begin(), edges.end(), [&](const EdgeDescription& e) { return e.to == to && !e.back; });
  };
  for (size_t from = 0; from < stages.size(); ++from) {
    for (uint32_t port = 0; port < stages[from].output_payloads.size(); ++port) {
      const auto taken = [&](const EdgeDescription& e) { return e.from == from && e.port == port; };
      if (std::any_of(edges.begin(), edges.end(), taken)) continue;
      for (size_t to = 0; to < stages.size(); ++to) {
        if (stages[to].descriptor == nullptr || stages[to].input_payload.empty()) continue;
        if (!PayloadIs(stages[from].output_payloads[port], stages[to].input_payload)) continue;
        possible.push_back({from, to, port, Reaches(edges, to, from, stages.size())});
      }
    }
  }
  std::stable_sort(possible.begin(), possible.end(), [&](const PossibleEdge& a, const PossibleEdge& b) {
    const auto rank = [&](const PossibleEdge& e) {
      return std::tuple(connected(e.to), e.back, e.to <= e.from, e.to > e.from ? e.to - e.from : e.from - e.to);
    };
    return rank(a) < rank(b);
  });
  return possible;
}

}  // namespace

std::vector<PossibleEdge> PossibleEdges(const PipelineDescription& pipeline, std::optional<Place> ignored) {
  Edges edges = pipeline.edges;
  std::erase_if(edges, [&](const EdgeDescription& edge) { return ignored && edge.place == *ignored; });
  return Possible(pipeline, edges);
}

std::vector<PossibleEdge> ConnectAll(const PipelineDescription& pipeline) {
  std::vector<PossibleEdge> all;
  Edges edges;
  for (size_t round = 0; round < pipeline.stages.size() * 4; ++round) {
    const std::vector<PossibleEdge> possible = Possible(pipeline, edges);
    if (possible.empty()) break;
    const PossibleEdge& best = possible.front();
    all.push_back(best);
    edges.push_back({best.from, best.to, best.port, best.back, {}});
  }
  return all;
}

std::string EdgeText(const PipelineDescription& pipeline, const PossibleEdge& edge) {
  const StageDescription& from = pipeline.stages[edge.from];
  const std::vector<PortSpec>& outputs = from.descriptor->outputs;
  const std::string begin = from.name + (outputs.size() > 1 ? "." + outputs[edge.port].name : "");
  const std::string& end = pipeline.stages[edge.to].name;
  return edge.back ? "{ from: " + begin + ", to: " + end + ", back: true }" : begin + " -> " + end;
}

}  // namespace retort

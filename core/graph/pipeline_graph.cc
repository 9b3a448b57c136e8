// What only the whole graph shows: sources, cycles and their declaration, reachability.
#include <algorithm>

#include "core/graph/pipeline_reader.h"

namespace retort {
namespace {

using Neighbours = std::vector<std::vector<size_t>>;  // of each stage, downstream

Neighbours Downstream(const PipelineDescription& pipeline, bool with_back_edges) {
  Neighbours next(pipeline.stages.size());
  for (const EdgeDescription& edge : pipeline.edges) {
    if (with_back_edges || !edge.back) next[edge.from].push_back(edge.to);
  }
  return next;
}

/// Stages that records from `start` can reach, these included.
std::vector<bool> Reachable(const Neighbours& next, std::vector<size_t> start) {
  std::vector<bool> reached(next.size());
  while (!start.empty()) {
    const size_t stage = start.back();
    start.pop_back();
    if (reached[stage]) continue;
    reached[stage] = true;
    start.insert(start.end(), next[stage].begin(), next[stage].end());
  }
  return reached;
}

/// The shortest path of stages from `from` to `to`; empty if there is none.
std::vector<size_t> ShortestPath(const Neighbours& next, size_t from, size_t to) {
  constexpr size_t kUnseen = static_cast<size_t>(-1);
  std::vector<size_t> before(next.size(), kUnseen), queue = {from};
  before[from] = from;
  for (size_t i = 0; i < queue.size() && before[to] == kUnseen; ++i) {
    for (const size_t stage : next[queue[i]]) {
      if (before[stage] != kUnseen) continue;
      before[stage] = queue[i];
      queue.push_back(stage);
    }
  }
  if (before[to] == kUnseen) return {};
  std::vector<size_t> path = {to};
  while (path.back() != from) path.push_back(before[path.back()]);
  std::reverse(path.begin(), path.end());
  return path;
}

std::string PathText(const PipelineDescription& pipeline, const std::vector<size_t>& path) {
  std::string text;
  for (const size_t stage : path) text += pipeline.stages[stage].name + " -> ";
  return text + pipeline.stages[path.front()].name;
}

void CheckCycles(const PipelineDescription& pipeline, Diagnostics& diagnostics) {
  // Edges are taken in the file's order; one that closes a cycle with those before it is the one to be declared.
  Neighbours taken(pipeline.stages.size());
  for (const EdgeDescription& edge : pipeline.edges) {
    if (edge.back) continue;
    const std::vector<size_t> path = ShortestPath(taken, edge.to, edge.from);
    if (path.empty()) {
      taken[edge.from].push_back(edge.to);
      continue;
    }
    const StageDescription& from = pipeline.stages[edge.from];
    const bool named = from.descriptor != nullptr && edge.port < from.descriptor->outputs.size();
    const std::string output = from.name + (named ? "." + from.descriptor->outputs[edge.port].name : "");
    diagnostics.Error(Rule::kUndeclaredCycle, edge.place,
                      "this edge closes a cycle that is not declared: " + PathText(pipeline, path),
                      "a cycle that is meant has `back: true` on this edge",
                      "{ from: " + output + ", to: " + pipeline.stages[edge.to].name + ", back: true }");
  }
  const Neighbours next = Downstream(pipeline, true);
  for (const EdgeDescription& edge : pipeline.edges) {
    if (!edge.back || Reachable(next, {edge.to})[edge.from]) continue;
    diagnostics.Error(Rule::kBackWithoutCycle, edge.place,
                      "`back: true`, but this edge closes no cycle: nothing leads from `" +
                          pipeline.stages[edge.to].name + "` to `" + pipeline.stages[edge.from].name + "`",
                      "the edge without `back`");
  }
}

}  // namespace

std::vector<std::vector<size_t>> FindCycles(const PipelineDescription& pipeline) {
  std::vector<std::vector<size_t>> cycles;
  const Neighbours forward = Downstream(pipeline, false), all = Downstream(pipeline, true);
  for (const EdgeDescription& edge : pipeline.edges) {
    if (!edge.back) continue;
    std::vector<size_t> path = ShortestPath(forward, edge.to, edge.from);
    if (path.empty()) path = ShortestPath(all, edge.to, edge.from);
    if (!path.empty()) cycles.push_back(std::move(path));
  }
  return cycles;
}

void CheckGraph(const PipelineDescription& pipeline, bool edges_unclear, Diagnostics& diagnostics) {
  CheckCycles(pipeline, diagnostics);
  std::vector<size_t> sources;
  bool all_known = true;
  for (size_t i = 0; i < pipeline.stages.size(); ++i) {
    const StageDescriptor* descriptor = pipeline.stages[i].descriptor;
    all_known = all_known && descriptor != nullptr;
    if (descriptor == nullptr || descriptor->inputs.empty()) sources.push_back(i);
  }
  if (sources.empty() && all_known) {
    diagnostics.Error(Rule::kNoSource, pipeline.stages.front().place,
                      "no stage is a source, so no record can ever enter",
                      "a stage without an input, such as `read-jsonl`");
    return;
  }
  if (edges_unclear) return;
  const std::vector<bool> reached = Reachable(Downstream(pipeline, true), sources);
  for (size_t i = 0; i < pipeline.stages.size(); ++i) {
    if (reached[i]) continue;
    diagnostics.Error(Rule::kUnreachable, pipeline.stages[i].place,
                      "stage `" + pipeline.stages[i].name + "` can be reached from no source",
                      "edges that lead to it from a source");
  }
}

}  // namespace retort

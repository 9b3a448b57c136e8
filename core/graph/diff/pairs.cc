#include "core/graph/diff/pairs.h"

#include <algorithm>

namespace retort {
namespace {

template <typename Thing>
Pairs PairByName(const std::vector<Thing>& before, const std::vector<Thing>& after) {
  Pairs pairs(before.size(), after.size());
  std::map<std::string_view, size_t> index;
  for (size_t i = 0; i < after.size(); ++i) index[after[i].name] = i;
  for (size_t i = 0; i < before.size(); ++i) {
    if (const auto found = index.find(before[i].name); found != index.end()) pairs.Join(i, found->second);
  }
  return pairs;
}

/// What a stage is apart from its name: its `uses` and its edges. A neighbour that has a pair is that one (by the index
/// before), another is its `uses`.
class Surroundings {
 public:
  Surroundings(const PipelineDescription& pipeline, const std::vector<size_t>& pair, bool pair_is_before)
      : pipeline_(pipeline), pair_(pair), pair_is_before_(pair_is_before), edges_(pipeline.stages.size()) {
    for (size_t i = 0; i < pipeline.edges.size(); ++i) {
      edges_[pipeline.edges[i].from].push_back(i);
      edges_[pipeline.edges[i].to].push_back(i);
    }
  }

  std::vector<std::string> Of(size_t stage) const {
    std::vector<std::string> out;
    for (const size_t index : edges_[stage]) {
      const EdgeDescription& edge = pipeline_.edges[index];
      const std::string text = PortName(pipeline_, edge) + (edge.back ? " back " : " ");
      if (edge.from == stage) out.push_back("to " + text + Neighbour(edge.to));
      if (edge.to == stage) out.push_back("from " + text + Neighbour(edge.from));
    }
    std::sort(out.begin(), out.end());
    out.push_back(pipeline_.stages[stage].uses);
    return out;
  }

 private:
  std::string Neighbour(size_t stage) const {
    if (pair_[stage] == kNoPair) return "uses " + pipeline_.stages[stage].uses;
    return "is " + std::to_string(pair_is_before_ ? pair_[stage] : stage);
  }

  const PipelineDescription& pipeline_;
  const std::vector<size_t>& pair_;
  const bool pair_is_before_;
  std::vector<std::vector<size_t>> edges_;  // of each stage
};

size_t OptionsAlike(const StageDescription& a, const StageDescription& b) {
  return static_cast<size_t>(std::count_if(a.values.begin(), a.values.end(), [&](const auto& option) {
    const auto other = b.values.find(option.first);
    return other != b.values.end() && other->second == option.second;
  }));
}

/// The best pair among stages without one; false where there is none. A pair without rivals goes first, since it may
/// tell rivals apart elsewhere.
bool PairNext(const PipelineDescription& before, const PipelineDescription& after, Pairs& pairs) {
  const Surroundings old_ones(before, pairs.after_of_before, false), new_ones(after, pairs.before_of_after, true);
  std::map<std::vector<std::string>, std::pair<std::vector<size_t>, std::vector<size_t>>> alike;
  for (size_t i = 0; i < before.stages.size(); ++i) {
    if (pairs.after_of_before[i] == kNoPair) alike[old_ones.Of(i)].first.push_back(i);
  }
  for (size_t i = 0; i < after.stages.size(); ++i) {
    if (pairs.before_of_after[i] == kNoPair) alike[new_ones.Of(i)].second.push_back(i);
  }
  size_t rivals = kNoPair, most = 0;
  std::pair<size_t, size_t> best{kNoPair, kNoPair};
  for (const auto& [surroundings, stages] : alike) {
    const size_t number = std::max(stages.first.size(), stages.second.size());
    for (const size_t a : stages.first) {
      for (const size_t b : stages.second) {
        const size_t same = OptionsAlike(before.stages[a], after.stages[b]);
        if (number > rivals || (number == rivals && same <= most)) continue;
        rivals = number;
        most = same;
        best = {a, b};
      }
    }
  }
  if (best.first == kNoPair) return false;
  pairs.Join(best.first, best.second);
  return true;
}

}  // namespace

const std::string& PortName(const PipelineDescription& pipeline, const EdgeDescription& edge) {
  return pipeline.stages[edge.from].descriptor->outputs[edge.port].name;
}

Pairs PairModels(const PipelineDescription& before, const PipelineDescription& after) {
  Pairs pairs = PairByName(before.models, after.models);
  for (size_t a = 0; a < before.models.size(); ++a) {
    for (size_t b = 0; b < after.models.size() && pairs.after_of_before[a] == kNoPair; ++b) {
      const bool same = before.models[a].settings.values == after.models[b].settings.values;
      if (same && pairs.before_of_after[b] == kNoPair) pairs.Join(a, b);
    }
  }
  return pairs;
}

Pairs PairStages(const PipelineDescription& before, const PipelineDescription& after) {
  Pairs pairs = PairByName(before.stages, after.stages);
  while (PairNext(before, after, pairs)) {
  }
  return pairs;
}

}  // namespace retort

#include "plugins/shared/drafting/tree_drafter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Logits;
using retort::sdk::Record;
using retort::sdk::Sampling;

std::unique_ptr<Drafter> MakeChainOrTree(ModelDrafterOptions options, size_t context) {
  if (options.branches > 1) return std::make_unique<TreeDrafter>(std::move(options), context);
  return std::make_unique<ChainDrafter>(std::move(options), context);
}

Status TreeDrafter::Draft(Context& context, std::span<const Record> records, std::span<Status> outcomes) {
  trees_.clear();
  for (size_t i = 0; i < records.size(); ++i) {
    Result<Entry> entry = Begin(context, records[i]);
    outcomes[i] = entry.status();
    if (!entry.ok()) continue;
    const bool live = entry->length > 0;
    trees_.push_back({*std::move(entry), i});
    trees_.back().live = live;
  }
  RunSteps(context, trees_, &Tree::live);
  for (Tree& tree : trees_) outcomes[tree.outcome] = Finish(tree);
  return {};
}

/// What the model runs next: the pending tokens of the sequence, or the frontier as nodes of its tree.
void TreeDrafter::PrepareStep(Tree& tree) {
  tree.tokens.clear();
  tree.parents.clear();
  if (tree.depth == 0) {
    const std::vector<int32_t>& history = tree.entry.history;
    tree.tokens.assign(history.begin() + static_cast<std::ptrdiff_t>(tree.entry.kv.Length()), history.end());
    return;
  }
  for (const int32_t index : tree.frontier) {
    Node& node = tree.nodes[static_cast<size_t>(index)];
    node.place = static_cast<int32_t>(tree.run++);
    tree.tokens.push_back(node.token);
    tree.parents.push_back(node.parent < 0 ? -1 : tree.nodes[static_cast<size_t>(node.parent)].place);
  }
}

/// One level more for every live tree.
Status TreeDrafter::Step(Context& context) {
  items_.clear();
  size_t most = 0;
  for (Tree& tree : trees_) {
    if (!tree.live) continue;
    PrepareStep(tree);
    const size_t first = tree.depth == 0 ? tree.tokens.size() - 1 : 0;
    items_.emplace_back(tree.entry.kv, tree.tokens, first, tree.parents);
    most = std::max(most, tree.depth == 0 ? tree.tokens.size() : 1);  // a level is one step, however wide
  }
  RETORT_ASSIGN_OR_RETURN(const Logits logits, RunItems(context, most));
  size_t row = 0;
  for (Tree& tree : trees_) {
    if (!tree.live) continue;
    const size_t level_begin = tree.nodes.size();
    Status status;
    for (const int32_t node : tree.frontier) {
      if (status.ok()) status = Grow(tree, node, Known(logits.row(row)));
      ++row;
    }
    if (!status.ok()) Report(context, status);
    ++tree.depth;
    ChooseFrontier(tree, level_begin);
    tree.live = status.ok() && tree.depth < tree.entry.length && !tree.frontier.empty() && !Complete(tree);
  }
  clock_.End();
  return {};
}

std::vector<int32_t> TreeDrafter::HistoryAt(const Tree& tree, int32_t node) const {
  std::vector<int32_t> path;
  for (; node >= 0; node = tree.nodes[static_cast<size_t>(node)].parent)
    path.push_back(tree.nodes[static_cast<size_t>(node)].token);
  std::vector<int32_t> history = tree.entry.history;
  history.insert(history.end(), path.rbegin(), path.rend());
  return history;
}

Status TreeDrafter::Grow(Tree& tree, int32_t node, std::span<const float> logits) {
  if (tree.entry.drafting == Drafting::kSampled) return GrowSampled(tree, node, logits);
  Sampling sampling = tree.entry.sampling;
  if (sampling.temperature == 0) sampling.temperature = options_.score_temperature;
  p_.resize(logits.size());
  RETORT_RETURN_IF_ERROR(retort::sdk::Distribution(sampling, logits, HistoryAt(tree, node), p_));
  std::vector<int32_t> order(p_.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t count = std::min(options_.branches, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](int32_t a, int32_t b) {
                      const float x = p_[static_cast<size_t>(a)], y = p_[static_cast<size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  const double least = std::log(options_.min_confidence);
  const double above = node < 0 ? 0 : tree.nodes[static_cast<size_t>(node)].score;
  for (size_t i = 0; i < count; ++i) {
    const double p = static_cast<double>(p_[static_cast<size_t>(order[i])]);
    const double score = above + std::log(p);
    if (p > 0 && score >= least) tree.nodes.push_back({order[i], node, score});
  }
  return {};
}

Status TreeDrafter::GrowSampled(Tree& tree, int32_t node, std::span<const float> logits) {
  const std::vector<int32_t> history = HistoryAt(tree, node);
  RETORT_ASSIGN_OR_RETURN(const bool confident, Confident(tree.entry, logits, history));
  if (!confident) return {};
  std::vector<int32_t> siblings;
  const size_t vocab = static_cast<size_t>(options_.target_vocab);
  while (siblings.size() < options_.branches && tree.nodes.size() < tree.entry.nodes) {
    const size_t at = tree.q.size();
    tree.q.resize(at + vocab);
    const Result<int32_t> token = tree.entry.record.DrawDraft(
        {.index = tree.entry.draws++, .logits = logits, .history = history, .siblings = siblings},
        std::span(tree.q).subspan(at));
    if (!token.ok() || *token < 0) tree.q.resize(at);
    if (!token.ok()) return token.status();
    if (*token < 0) break;
    siblings.push_back(*token);
    tree.nodes.push_back({*token, node, 0});
  }
  return {};
}

/// Of the level that begins at `level_begin`.
void TreeDrafter::ChooseFrontier(Tree& tree, size_t level_begin) const {
  tree.frontier.clear();
  const size_t room = retort::sdk::kMaxTreeNodes - std::min(retort::sdk::kMaxTreeNodes, tree.run);
  const size_t count = std::min(options_.branches, room);
  if (tree.entry.drafting == Drafting::kSampled) {
    if (tree.nodes.size() >= tree.entry.nodes) return;
    int32_t last = -2;
    for (size_t i = level_begin; i < tree.nodes.size() && tree.frontier.size() < count; ++i) {
      // Of the first level every node goes on, then the first child of each.
      if (tree.depth > 1 && tree.nodes[i].parent == last) continue;
      last = tree.nodes[i].parent;
      tree.frontier.push_back(static_cast<int32_t>(i));
    }
    return;
  }
  for (size_t i = level_begin; i < tree.nodes.size(); ++i) tree.frontier.push_back(static_cast<int32_t>(i));
  std::stable_sort(tree.frontier.begin(), tree.frontier.end(), [&](int32_t a, int32_t b) {
    return tree.nodes[static_cast<size_t>(a)].score > tree.nodes[static_cast<size_t>(b)].score;
  });
  tree.frontier.resize(std::min(count, tree.frontier.size()));
}

/// No node that may still come would be kept: none is likelier than its parent, and enough are likelier than all that
/// go on.
bool TreeDrafter::Complete(const Tree& tree) const {
  if (tree.entry.drafting == Drafting::kSampled) return false;  // ends with its budget, whatever was drawn
  if (options_.beam) return false;
  const double best = tree.nodes[static_cast<size_t>(tree.frontier.front())].score;
  const auto better =
      std::count_if(tree.nodes.begin(), tree.nodes.end(), [&](const Node& n) { return n.score >= best; });
  return static_cast<size_t>(better) >= tree.entry.nodes;
}

/// Nodes of the draft, parents before their children. Of a beam: the paths of its members, the likeliest member first.
/// Else the likeliest nodes, the likeliest first.
std::vector<int32_t> TreeDrafter::Kept(const Tree& tree) const {
  std::vector<int32_t> kept;
  const bool sampled = tree.entry.drafting == Drafting::kSampled;
  if (options_.beam && !sampled && !tree.frontier.empty()) {
    std::vector<bool> has(tree.nodes.size());
    for (const int32_t leaf : tree.frontier) {
      const size_t begin = kept.size();
      for (int32_t node = leaf; node >= 0 && !has[static_cast<size_t>(node)];
           node = tree.nodes[static_cast<size_t>(node)].parent) {
        has[static_cast<size_t>(node)] = true;
        kept.push_back(node);
      }
      std::reverse(kept.begin() + static_cast<std::ptrdiff_t>(begin), kept.end());
    }
    return kept;
  }
  kept.resize(tree.nodes.size());
  std::iota(kept.begin(), kept.end(), 0);
  if (sampled) return kept;
  // No child is likelier than its parent, and of equals the parent comes first: any beginning of this is a tree.
  std::stable_sort(kept.begin(), kept.end(), [&](int32_t a, int32_t b) {
    return tree.nodes[static_cast<size_t>(a)].score > tree.nodes[static_cast<size_t>(b)].score;
  });
  kept.resize(std::min(kept.size(), tree.entry.nodes));
  return kept;
}

/// Hang the draft on the record.
Status TreeDrafter::Finish(Tree& tree) const {
  const bool sampled = tree.entry.drafting == Drafting::kSampled;
  const std::vector<int32_t> kept = Kept(tree);
  std::vector<int32_t> tokens, parents, places(tree.nodes.size(), -1);
  for (const int32_t index : kept) {
    const Node& node = tree.nodes[static_cast<size_t>(index)];
    places[static_cast<size_t>(index)] = static_cast<int32_t>(tokens.size());
    tokens.push_back(node.token);
    parents.push_back(node.parent < 0 ? -1 : places[static_cast<size_t>(node.parent)]);
  }
  return tree.entry.record.SetDraft({.kind = DraftKind::kTree,
                                     .tokens = tokens,
                                     .parents = parents.data(),
                                     .q = sampled ? tree.q.data() : nullptr,
                                     .drafter = options_.name,
                                     .step_seconds = clock_.step_seconds(),
                                     .begin_seconds = CatchUp(tree.entry.history.size(), tree.entry.kv),
                                     .steps = static_cast<int32_t>(tree.depth),
                                     .density = options_.density});
}

}  // namespace drafting

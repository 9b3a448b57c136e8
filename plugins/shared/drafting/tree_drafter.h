// Drafts by another model: a tree, level by level, over all records of a batch at once.
#pragma once

#include <vector>

#include "plugins/shared/drafting/model_drafter.h"

namespace drafting {

/// Argmax: the children of a node are its most likely tokens, the likeliest nodes of a level go on, and of all nodes
/// the likeliest are kept (Li et al., EAGLE-2, arXiv 2406.16858), none of which the product of probabilities from the
/// root is below min_confidence. Which tokens are drafted may depend on how likely
/// they are, since none is drawn.
/// As a beam (Zhou et al., Sirius, arXiv 2409.03856) the paths of the last level's nodes that would go on are kept.
/// Sampled: the children of a node are drawn without replacement, the first child of each node goes on, and growth ends
/// with the budget: the shape must not depend on what was drawn. A node where the model is not confident has no
/// children.
class TreeDrafter final : public ModelDrafter {
 public:
  TreeDrafter(ModelDrafterOptions options, size_t context) : ModelDrafter(std::move(options), context) {}
  retort::Status Draft(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                       std::span<retort::Status> outcomes) override;

 private:
  struct Node {
    int32_t token, parent;
    double score;        // log of the product of probabilities from the root
    int32_t place = -1;  // among the nodes that the model has run
  };
  struct Tree {
    Entry entry;
    size_t outcome;
    std::vector<Node> nodes = {};
    std::vector<float> q = {};
    std::vector<int32_t> frontier = {-1};  // nodes that go on; -1: the sequence's end
    size_t depth = 0, run = 0;
    std::vector<int32_t> tokens = {}, parents = {};  // of the frontier, for the step
    bool live = true;
  };
  retort::Status Step(retort::sdk::Context& context) override;
  void PrepareStep(Tree& tree);
  retort::Status Grow(Tree& tree, int32_t node, std::span<const float> logits);
  retort::Status GrowSampled(Tree& tree, int32_t node, std::span<const float> logits);
  void ChooseFrontier(Tree& tree, size_t level_begin) const;
  bool Complete(const Tree& tree) const;
  std::vector<int32_t> Kept(const Tree& tree) const;
  retort::Status Finish(Tree& tree) const;
  std::vector<int32_t> HistoryAt(const Tree& tree, int32_t node) const;

  std::vector<Tree> trees_;
};

}  // namespace drafting

// `length: auto`: what the verifier's step knows of each sequence, as LengthControl needs it, and the budgets that it
// gives to drafters.
#pragma once

#include <retort/sdk.h>

#include <span>
#include <vector>

#include "plugins/shared/verifying/length_control.h"

namespace retort_stages {

/// One sequence's draft in a step.
struct StepDraft {
  retort::sdk::Record record;
  size_t pending = 0;          // tokens of the sequence that the step runs
  size_t draft = 0;            // drafted tokens that it runs
  size_t offered = 0;          // of them, those of which any number may be left out, before it was chosen
  bool tree = false;           // what it runs is a tree
  bool grows_as_tree = false;  // what the drafter gives is a tree, though it may have no node now
  bool all_or_none = false;    // DraftView::whole
  double token_seconds = 0;    // of drafting one token more; 0: next to nothing
  double begin_seconds = 0;    // of the next draft, beyond its tokens
};

class DraftLengths {
 public:
  /// Cut drafts to what pays: those alone that were chosen without chance. A drawn one that the clock cuts would give
  /// another text of the same law each time, and is drafted at the right length instead (SetBudgets).
  template <typename Drafts>
  retort::Status Cut(Drafts& drafts) {
    sequences_.clear();
    for (const StepDraft& draft : drafts) {
      RETORT_RETURN_IF_ERROR(Add(draft, draft.pending + draft.draft - draft.offered, draft.offered));
    }
    control_.Choose(sequences_);
    for (size_t i = 0; i < sequences_.size(); ++i) {
      StepDraft& draft = drafts[i];
      draft.draft = draft.draft - draft.offered + sequences_[i].length;
      draft.tree = draft.tree && draft.draft > 0;
    }
    return {};
  }

  /// Tell the drafters of sequences that go on how many tokens of their next drafts pay, where drafting costs
  /// something.
  template <typename Drafts>
  retort::Status SetBudgets(const Drafts& drafts) {
    sequences_.clear();
    bool any = false;
    for (const StepDraft& draft : drafts) {
      const size_t most = draft.token_seconds > 0 ? AcceptanceRate::kPlaces : 0;
      any = any || most > 0;
      RETORT_RETURN_IF_ERROR(Add(draft, 1, most));
      sequences_.back().token_seconds = draft.token_seconds;
      sequences_.back().begin_seconds = draft.begin_seconds;
    }
    if (!any || !control_.cost().known()) return {};
    control_.Choose(sequences_);
    for (size_t i = 0; i < sequences_.size(); ++i) {
      if (sequences_[i].offered == 0) continue;
      RETORT_RETURN_IF_ERROR(drafts[i].record.SetDraftBudget(sequences_[i].length));
    }
    return {};
  }

  void LearnStep(size_t rows, double seconds) { control_.LearnStep(rows, seconds); }
  /// `path`: the drafted tokens that stood, by index. After Cut.
  void LearnDraft(const StepDraft& draft, std::span<const int32_t> path);

 private:
  retort::Status Add(const StepDraft& draft, size_t rows, size_t offered);

  LengthControl control_;
  std::vector<LengthControl::Sequence> sequences_;
};

}  // namespace retort_stages

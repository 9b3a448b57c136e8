#include "plugins/verify/draft_lengths.h"

#include <memory>

namespace retort_stages {
namespace {

constexpr std::string_view kHistory = "verify.draft_history";

}  // namespace

retort::Status DraftLengths::Add(const StepDraft& draft, size_t rows, size_t offered) {
  auto* history = draft.record.Attachment<DraftHistory>(kHistory);
  if (history == nullptr) {
    RETORT_RETURN_IF_ERROR(draft.record.Attach(kHistory, std::make_unique<DraftHistory>()));
    history = draft.record.Attachment<DraftHistory>(kHistory);
  }
  sequences_.push_back({.rows = rows, .offered = offered, .history = history, .tree = draft.grows_as_tree});
  return {};
}

void DraftLengths::LearnDraft(const StepDraft& draft, std::span<const int32_t> path) {
  if (draft.draft == 0 && draft.offered == 0 && draft.token_seconds == 0) return;  // there was nothing to verify
  control_.LearnDraft(*draft.record.Attachment<DraftHistory>(kHistory), draft.grows_as_tree, draft.draft, path);
}

}  // namespace retort_stages

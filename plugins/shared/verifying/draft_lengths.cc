#include "plugins/shared/verifying/draft_lengths.h"

#include <memory>

namespace retort_stages {
namespace {

constexpr std::string_view kHistory = "verify.draft_history";

}  // namespace

retort::Status DraftLengths::Add(const StepDraft& draft, size_t rows, size_t offered) {
  RETORT_ASSIGN_OR_RETURN(DraftHistory* const history, draft.record.AttachmentOr<DraftHistory>(
                                                           kHistory, [] { return std::make_unique<DraftHistory>(); }));
  sequences_.push_back(
      {.rows = rows, .offered = offered, .history = history, .tree = draft.grows_as_tree, .whole = draft.all_or_none});
  return {};
}

void DraftLengths::LearnDraft(const StepDraft& draft, std::span<const int32_t> path) {
  if (draft.draft == 0 && draft.offered == 0 && draft.token_seconds == 0) return;  // there was nothing to verify
  control_.LearnDraft(*draft.record.Attachment<DraftHistory>(kHistory), draft.grows_as_tree, draft.draft, path);
}

}  // namespace retort_stages

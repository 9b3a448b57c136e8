// Host functions: what a drafter asks the target about its draft, and the answers.
#include <string>

#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

retort_code DraftAsk(retort_record* handle, const int32_t* nodes, size_t count) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    if (count > 0) RETORT_RETURN_IF_ERROR(NotNull({{nodes, "nodes"}}));
    const Record& record = *FromHandle(handle);
    if (record.draft == nullptr)
      return NotFound("record " + record.id + " carries no draft to ask about; call draft_set before draft_ask");
    const auto tokens = static_cast<int64_t>(record.draft->tokens.size());
    for (size_t i = 0; i < count; ++i) {
      if (nodes[i] >= -1 && nodes[i] < tokens) continue;
      return InvalidArgument("nodes[" + std::to_string(i) + "]: expected -1 (the sequence's end) to " +
                             std::to_string(tokens - 1) + " (the draft's last token), got " + std::to_string(nodes[i]));
    }
    record.draft->asked.assign(nodes, nodes + count);
    return {};
  });
}

retort_code DraftAnswers(const retort_record* handle, const int32_t** tokens, size_t* count) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}, {tokens, "tokens"}, {count, "count"}}));
    const Record& record = *FromHandle(handle);
    if (record.draft_answers.empty())
      return NotFound("record " + record.id + " has no answers: draft_ask, then draft_verify make them");
    *tokens = record.draft_answers.data();
    *count = record.draft_answers.size();
    return {};
  });
}

}  // namespace

void FillDraftAnswerServices(retort_host& host) {
  host.draft_ask = DraftAsk;
  host.draft_answers = DraftAnswers;
}

}  // namespace retort

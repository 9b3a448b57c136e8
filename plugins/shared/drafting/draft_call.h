// One process call of a stage that drafts.
#pragma once

#include <retort/sdk.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include "plugins/shared/drafting/drafter.h"

namespace drafting {

/// Whether its prompt is looked at for the first time, which is not a decoding step's cost.
inline bool BeginsToDecode(const retort::sdk::Record& record) {
  const retort::Result<retort::sdk::SequenceView> sequence = record.Sequence();
  return sequence.ok() && sequence->generated().empty();
}

/// Draft for all records and emit them by the first output; those that get none fail. `outcomes` is memory that is used
/// again from call to call.
inline retort::Status DraftAll(retort::sdk::Context& context, std::span<const retort::sdk::Record> records,
                               Drafter& drafter, std::vector<retort::Status>& outcomes) {
  const auto start = std::chrono::steady_clock::now();
  const bool prompt = std::any_of(records.begin(), records.end(), BeginsToDecode);
  outcomes.assign(records.size(), retort::Status());
  RETORT_RETURN_IF_ERROR(drafter.Draft(context, records, outcomes));
  for (size_t i = 0; i < records.size(); ++i) {
    const retort::Status given = outcomes[i].ok() ? context.Emit(0, records[i]) : context.Fail(records[i], outcomes[i]);
    RETORT_RETURN_IF_ERROR(given);
  }
  context.Count(prompt ? "prompt_draft_seconds" : "draft_seconds",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return {};
}

}  // namespace drafting

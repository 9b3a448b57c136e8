#include "plugins/draft/text_draft.h"

namespace drafting {

using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Ending;
using retort::sdk::Record;
using retort::sdk::SequenceView;

Status TextDraft::Draft(Context&, std::span<const Record> records, std::span<Status> outcomes) {
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = DraftOne(records[i]);
  return {};
}

Status TextDraft::DraftOne(const Record& record) const {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(TextDrafter::Memory* const memory, memory_.Of(record, *drafter_));
  drafter_->Read(*memory, sequence.tokens);
  const Guess guess = drafter_->Continue(*memory, {sequence.tokens}, UsefulLength(sequence, max_tokens_));
  return record.SetDraft({.kind = DraftKind::kPointMass, .tokens = guess.tokens, .drafter = guess.drafter});
}

Status TextDraft::Close(Ending ending) {
  // A run that was cut short has not seen its records to their ends; what an earlier one has left stays.
  return ending == Ending::kWhole ? drafter_->Finish() : Status();
}

}  // namespace drafting

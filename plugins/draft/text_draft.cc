#include "plugins/draft/text_draft.h"

namespace drafting {

using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Ending;
using retort::sdk::Record;
using retort::sdk::SequenceView;

namespace {

/// The memory of the drafter, as an object of one type on the record.
struct Attached {
  std::unique_ptr<TextDrafter::Memory> memory;
};

}  // namespace

Status TextDraft::Draft(Context&, std::span<const Record> records, std::span<Status> outcomes) {
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = DraftOne(records[i]);
  return {};
}

Status TextDraft::DraftOne(const Record& record) const {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  auto* attached = record.Attachment<Attached>(attachment_);
  if (attached == nullptr) {
    auto made = std::make_unique<Attached>(Attached{drafter_->NewMemory()});
    RETORT_RETURN_IF_ERROR(record.Attach(attachment_, std::move(made)));
    attached = record.Attachment<Attached>(attachment_);
  }
  drafter_->Read(*attached->memory, sequence.tokens);
  const Guess guess = drafter_->Continue(*attached->memory, {sequence.tokens}, UsefulLength(sequence, max_tokens_));
  return record.SetDraft({.kind = DraftKind::kPointMass, .tokens = guess.tokens, .drafter = guess.drafter});
}

Status TextDraft::Close(Ending ending) {
  // A run that was cut short has not seen its records to their ends; what an earlier one has left stays.
  return ending == Ending::kWhole ? drafter_->Finish() : Status();
}

}  // namespace drafting

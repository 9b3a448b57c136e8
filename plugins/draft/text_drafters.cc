#include "plugins/draft/text_drafters.h"

namespace drafting {
namespace {

using retort::Result;
using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Record;
using retort::sdk::SequenceView;

constexpr const char* kAttachment = "retort.draft.index";

/// What the `ngram` drafter has learned of a record already.
struct Learned {
  size_t tokens = 0;
};

/// The record's own T, made on first use.
template <typename T, typename Make>
Result<T*> Attached(const Record& record, Make make) {
  if (T* found = record.Attachment<T>(kAttachment); found != nullptr) return found;
  if (Status status = record.Attach(kAttachment, make()); !status.ok()) return status;
  return record.Attachment<T>(kAttachment);
}

}  // namespace

Status LookupDrafter::Draft(Context&, std::span<const Record> records, std::span<Status> outcomes) {
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = DraftOne(records[i]);
  return {};
}

Status LookupDrafter::DraftOne(const Record& record) {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(PromptLookup* const index, Attached<PromptLookup>(record, [&] {
                            return std::make_unique<PromptLookup>(min_match_, max_match_);
                          }));
  index->Update(sequence.tokens);
  const std::vector<int32_t> tokens = index->Draft(max_tokens_);
  return record.SetDraft({.kind = DraftKind::kPointMass, .tokens = tokens, .drafter = "prompt-lookup"});
}

Status NgramDrafter::Draft(Context&, std::span<const Record> records, std::span<Status> outcomes) {
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = DraftOne(records[i]);
  return {};
}

Status NgramDrafter::DraftOne(const Record& record) {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(Learned* const learned,
                          Attached<Learned>(record, [] { return std::make_unique<Learned>(); }));
  ngrams_.Learn(sequence.tokens, learned->tokens);
  learned->tokens = sequence.tokens.size();
  const std::vector<int32_t> tokens = ngrams_.Draft(sequence.tokens, max_tokens_, min_match_);
  return record.SetDraft({.kind = DraftKind::kPointMass, .tokens = tokens, .drafter = "ngram"});
}

}  // namespace drafting

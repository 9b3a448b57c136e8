#include "plugins/draft/translated_drafter.h"

#include <algorithm>
#include <memory>

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Finish;
using retort::sdk::Logits;
using retort::sdk::Model;
using retort::sdk::Record;
using retort::sdk::Sampling;
using retort::sdk::SequenceView;
using retort::sdk::TokenText;

Result<Vocabulary> ReadVocabulary(Model model) {
  Vocabulary::Data data;
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, model.Info());
  for (int32_t token = 0; token < info.vocab_size; ++token) {
    RETORT_ASSIGN_OR_RETURN(const TokenText text, model.Token(token));
    data.tokens.push_back({text.text, text.special, text.end});
  }
  RETORT_ASSIGN_OR_RETURN(const std::span<const int32_t> beginning, model.Tokenize("", {.add_special = true}));
  data.beginning.assign(beginning.begin(), beginning.end());
  data.bos = info.bos_token;
  data.eos = info.eos_token;
  data.encode = [model](std::string_view text) -> Result<std::vector<int32_t>> {
    RETORT_ASSIGN_OR_RETURN(const std::span<const int32_t> tokens, model.Tokenize(text, {}));
    return std::vector<int32_t>(tokens.begin(), tokens.end());
  };
  return Vocabulary(std::move(data));
}

TranslatedDrafter::TranslatedDrafter(ModelDrafterOptions options, size_t context, Vocabulary target, Vocabulary own)
    : ModelDrafter(std::move(options), context),
      target_(std::move(target)),
      own_(std::move(own)),
      attachment_("retort.draft.alignment/" + options_.stage) {}

Status TranslatedDrafter::Draft(Context& context, std::span<const Record> records, std::span<Status> outcomes) {
  chains_.clear();
  for (size_t i = 0; i < records.size(); ++i) {
    Result<Chain> chain = BeginChain(context, records[i], i);
    outcomes[i] = chain.status();
    if (chain.ok()) chains_.push_back(*std::move(chain));
  }
  RunSteps(context, chains_, &Chain::live);
  for (Chain& chain : chains_) {
    chain.tokens.resize(std::min(chain.tokens.size(), chain.length));
    outcomes[chain.outcome] = chain.record.SetDraft({.kind = DraftKind::kPointMass,
                                                     .tokens = chain.tokens,
                                                     .drafter = options_.name,
                                                     .step_seconds = clock_.step_seconds(),
                                                     .begin_seconds = CatchUp(chain.history.size(), chain.kv)});
    if (!chain.tokens.empty()) context.Count("drafts_translated");
  }
  return {};
}

/// The record with its text as the model reads it, and the model's keys and values of what that still says.
Result<TranslatedDrafter::Chain> TranslatedDrafter::BeginChain(Context& context, const Record& record, size_t outcome) {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(const retort::sdk::Kv kv, record.Kv(options_.model));
  const size_t budget = std::min(UsefulLength(sequence, options_.max_tokens), BudgetOf(record));
  const size_t length = sequence.finish == Finish::kNone ? budget : 0;
  RETORT_ASSIGN_OR_RETURN(TextAlignment* const alignment, record.AttachmentOr<TextAlignment>(attachment_, [&] {
    return std::make_unique<TextAlignment>(target_, own_);
  }));
  alignment->Update(sequence.tokens);
  Chain chain{.record = record,
              .kv = kv,
              .history = alignment->tokens(),
              .length = length,
              .steps = 0,
              .sampling = {},
              .text = DraftedText(target_, own_, sequence.tokens, alignment->open()),
              .outcome = outcome};
  if (length == 0 || chain.history.empty()) return chain;  // none wanted; a text of nothing that the model could read
  // The last token drafted is not run.
  chain.steps = std::min(options_.max_tokens, context_ + 1 - std::min(context_ + 1, chain.history.size()));
  if (chain.steps < length) context.Count("drafts_beyond_context");
  RETORT_ASSIGN_OR_RETURN(const Sampling own, SamplingOf(record));
  chain.sampling.repetition_penalty = own.repetition_penalty;
  chain.sampling.repetition_window = own.repetition_window;
  if (chain.steps > 0) RETORT_RETURN_IF_ERROR(kv.KeepCommon(chain.history));
  return chain;
}

/// One token more for every live chain.
Status TranslatedDrafter::Step(Context& context) {
  items_.clear();
  size_t most = 0, gained = 0;
  for (const Chain& chain : chains_) {
    if (!chain.live()) continue;
    const std::span<const int32_t> pending = std::span(chain.history).subspan(chain.kv.Length());
    items_.emplace_back(chain.kv, pending, pending.size() - 1);
    most = std::max(most, pending.size());
  }
  RETORT_ASSIGN_OR_RETURN(const Logits logits, RunItems(context, most));
  size_t row = 0;
  for (Chain& chain : chains_) {
    if (!chain.live()) continue;
    --chain.steps;
    const size_t before = chain.tokens.size();
    const Status status = Draw(chain, logits.row(row++));
    gained += chain.tokens.size() - std::min(chain.tokens.size(), before);
    if (status.ok()) continue;
    Report(context, status);
    chain.steps = 0;
  }
  clock_.End(static_cast<double>(gained) / static_cast<double>(items_.size()));
  return {};
}

Status TranslatedDrafter::Draw(Chain& chain, std::span<const float> logits) {
  // What the sequence's last token leaves of a character comes first.
  std::vector<int32_t> spelling;
  if (!chain.text.owed().empty()) {
    spelling = own_.Spelling(chain.text.owed());
    if (spelling.empty()) chain.steps = 0;
    if (spelling.empty()) return {};
  }
  Sampling sampling = chain.sampling;
  sampling.allowed = spelling;
  RETORT_ASSIGN_OR_RETURN(const int32_t token,
                          chain.record.Sample(sampling, logits, chain.history, chain.history.size()));
  chain.history.push_back(token);
  if (!chain.text.Append(token)) chain.steps = 0;
  chain.tokens = chain.text.Tokens();
  return {};
}

}  // namespace drafting

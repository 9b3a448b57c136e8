#include "plugins/shared/drafting/model_drafter.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace drafting {

using retort::Result;
using retort::Status;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::Ending;
using retort::sdk::Finish;
using retort::sdk::Kv;
using retort::sdk::Logits;
using retort::sdk::Record;
using retort::sdk::Sampling;
using retort::sdk::SequenceView;

size_t ModelDrafter::BudgetOf(const Record& record) {
  const size_t budget = record.DraftBudget();
  if (budget != SIZE_MAX) unpaid_ = budget == 0 ? unpaid_ + 1 : 0;
  return budget == SIZE_MAX && unpaid_ >= kLong ? 0 : budget;
}

Result<ModelDrafter::Entry> ModelDrafter::Begin(Context& context, const Record& record) {
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  RETORT_ASSIGN_OR_RETURN(const Kv kv, record.Kv(options_.model));
  const size_t budget = BudgetOf(record);
  Entry entry{.record = record,
              .kv = kv,
              .history = {sequence.tokens.begin(), sequence.tokens.end()},
              .length = UsefulLength(sequence, std::min(options_.max_tokens, budget)),
              .nodes = std::min(options_.nodes, budget),
              .sampling = {},
              .drafting = options_.drafting};
  // The last token drafted is not run.
  const size_t room = context_ + 1 - std::min(context_ + 1, entry.history.size());
  if (room < entry.length) context.Count("drafts_beyond_context");
  entry.length = sequence.finish == Finish::kNone ? std::min(entry.length, room) : 0;
  RETORT_ASSIGN_OR_RETURN(entry.sampling, SamplingOf(record));
  if (entry.sampling.temperature == 0) entry.drafting = Drafting::kArgmax;  // a guess that needs no q
  if (entry.length > 0) RETORT_RETURN_IF_ERROR(entry.kv.KeepCommon(entry.history));
  // A prompt is the target's to run, which gives it the first token too. What a part of it ran would be lost.
  if (options_.of_target && entry.kv.Length() + 1 < entry.history.size()) entry.length = 0;
  return entry;
}

Result<Sampling> ModelDrafter::SamplingOf(const Record& record) {
  Result<Sampling> own = record.OwnSampling();
  if (!own.ok() && own.status().code() == retort::StatusCode::kNotFound) return Sampling();
  return own;
}

Result<Logits> ModelDrafter::RunItems(Context& context, size_t most) {
  size_t tokens = 0;
  for (const retort::sdk::ForwardItem& item : items_) tokens += item.token_count;
  clock_.Begin(most, tokens);
  const auto start = std::chrono::steady_clock::now();
  RETORT_ASSIGN_OR_RETURN(const Logits logits, options_.model.Forward(items_));
  context.Count("draft_step_seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  context.Count("draft_steps");
  return logits;
}

std::span<const float> ModelDrafter::Known(std::span<const float> logits) {
  const auto row = logits.first(std::min(logits.size(), static_cast<size_t>(options_.target_vocab)));
  if (options_.never.empty()) return row;
  known_.assign(row.begin(), row.end());
  for (const int32_t token : options_.never) {
    if (static_cast<size_t>(token) < known_.size())
      known_[static_cast<size_t>(token)] = -std::numeric_limits<float>::infinity();
  }
  return known_;
}

bool ModelDrafter::NeverIsBest(std::span<const float> logits) const {
  if (options_.never.empty()) return false;
  const auto best = std::max_element(logits.begin(), logits.end());
  return std::binary_search(options_.never.begin(), options_.never.end(), static_cast<int32_t>(best - logits.begin()));
}

void ModelDrafter::Report(Context& context, const Status& why) {
  context.Count("drafts_broken_off");
  if (told_) return;
  told_ = true;
  retort::sdk::Log(retort::sdk::LogLevel::kWarning,
                   "draft: a draft ends early, the text is not changed: " + why.message() + " (told once)");
}

Result<bool> ModelDrafter::Confident(const Entry& entry, std::span<const float> logits,
                                     std::span<const int32_t> history) {
  if (options_.min_confidence <= 0) return true;
  Sampling sampling = entry.sampling;
  if (sampling.temperature == 0) sampling.temperature = 1;
  p_.resize(logits.size());
  RETORT_RETURN_IF_ERROR(retort::sdk::Distribution(sampling, logits, history, p_));
  return static_cast<double>(*std::max_element(p_.begin(), p_.end())) >= options_.min_confidence;
}

Status ModelDrafter::Close(Ending ending) {
  return options_.draft_by != nullptr && ending == Ending::kWhole ? options_.draft_by->Finish() : Status();
}

Status ChainDrafter::Draft(Context& context, std::span<const Record> records, std::span<Status> outcomes) {
  chains_.clear();
  for (size_t i = 0; i < records.size(); ++i) outcomes[i] = Admit(context, records[i], i);
  RunSteps(context, chains_, &Chain::live);
  for (const Chain& chain : chains_) {
    const bool sampled = chain.entry.drafting == Drafting::kSampled;
    outcomes[chain.outcome] =
        chain.entry.record.SetDraft({.kind = sampled ? DraftKind::kSampled : DraftKind::kPointMass,
                                     .tokens = chain.tokens,
                                     .q = sampled ? chain.q.data() : nullptr,
                                     .drafter = options_.name,
                                     .step_seconds = clock_.step_seconds(),
                                     .begin_seconds = CatchUp(chain.entry.history.size(), chain.entry.kv),
                                     .steps = chain.steps,
                                     .density = options_.density});
  }
  return {};
}

size_t ChainDrafter::Longest() const {
  size_t longest = 0;
  for (const Chain& chain : chains_) longest = std::max(longest, chain.tokens.size());
  return longest;
}

Status ChainDrafter::Admit(Context& context, const Record& record, size_t outcome) {
  RETORT_ASSIGN_OR_RETURN(Entry entry, Begin(context, record));
  Chain chain{std::move(entry), outcome};
  chain.live = chain.entry.length > 0;
  if (options_.draft_by != nullptr) {
    RETORT_ASSIGN_OR_RETURN(chain.memory, memory_.Of(record, *options_.draft_by));
    options_.draft_by->Read(*chain.memory, chain.entry.history);
  }
  chains_.push_back(std::move(chain));
  return {};
}

/// What the model runs next: pending tokens, and guesses at all of the chain that is missing but its last token.
void ChainDrafter::PrepareStep(Chain& chain) const {
  const std::span<const int32_t> history = chain.entry.history;
  const auto pending = history.subspan(chain.entry.kv.Length());
  chain.run.assign(pending.begin(), pending.end());
  chain.guesses = 0;
  if (options_.draft_by == nullptr) return;
  const Text text = {history.first(history.size() - chain.tokens.size()), chain.tokens};
  const size_t count = chain.entry.length - chain.tokens.size() - 1;
  const Guess guess = options_.draft_by->Continue(*chain.memory, text, count);
  chain.run.insert(chain.run.end(), guess.tokens.begin(), guess.tokens.end());
  chain.guesses = guess.tokens.size();
}

/// One token more for every live chain, and more where guesses are right.
Status ChainDrafter::Step(Context& context) {
  items_.clear();
  size_t most = 0;
  for (Chain& chain : chains_) {
    if (!chain.live) continue;
    PrepareStep(chain);
    items_.emplace_back(chain.entry.kv, chain.run, chain.run.size() - chain.guesses - 1);
    most = std::max(most, chain.run.size() - chain.guesses);
  }
  const size_t before = Longest();
  RETORT_ASSIGN_OR_RETURN(const Logits logits, RunItems(context, most));
  size_t row = 0;
  for (Chain& chain : chains_) {
    if (!chain.live) continue;
    const size_t first = row;
    row += chain.guesses + 1;
    ++chain.steps;
    const Status status = Take(context, chain, logits, first);
    if (!status.ok()) Report(context, status);
    chain.live = status.ok() && chain.live && chain.tokens.size() < chain.entry.length;
  }
  clock_.End(static_cast<double>(Longest() - before));
  return {};
}

/// The tokens that the model chooses by the rows from `row` on, as long as the guess before each was right.
Status ChainDrafter::Take(Context& context, Chain& chain, const Logits& logits, size_t row) {
  const std::span<const int32_t> guesses = std::span(chain.run).last(chain.guesses);
  const size_t drafted = chain.tokens.size();
  size_t right = 0;
  for (;; ++right) {
    if (options_.ask_at_never && NeverIsBest(logits.row(row + right))) chain.live = false;
    if (chain.live) RETORT_RETURN_IF_ERROR(Draw(chain, Known(logits.row(row + right))));
    if (!chain.live || right == guesses.size() || chain.tokens.back() != guesses[right]) break;
  }
  if (guesses.empty()) return {};
  context.Count("draft_by_tokens", static_cast<double>(guesses.size()));
  context.Count("draft_by_accepted_tokens", static_cast<double>(right));
  const size_t before = chain.entry.history.size() - (chain.tokens.size() - drafted);
  return chain.entry.kv.Truncate(before + right);
}

/// One token, or the end of the chain.
Status ChainDrafter::Draw(Chain& chain, std::span<const float> logits) {
  Entry& entry = chain.entry;
  RETORT_ASSIGN_OR_RETURN(chain.live, Confident(entry, logits, entry.history));
  if (!chain.live && !options_.end_after) return {};
  Result<int32_t> token(-1);
  if (entry.drafting == Drafting::kSampled) {
    const size_t vocab = static_cast<size_t>(options_.target_vocab), at = chain.q.size();
    chain.q.resize(at + vocab);
    token = entry.record.DrawDraft({.index = entry.draws++, .logits = logits, .history = entry.history},
                                   std::span(chain.q).subspan(at));
    if (!token.ok()) chain.q.resize(at);
  } else {
    Sampling sampling = entry.sampling;
    // Coupled: with the very chance that the verifier draws by, so that like distributions give like tokens.
    if (entry.drafting == Drafting::kArgmax) sampling.temperature = 0;
    token = entry.record.Sample(sampling, logits, entry.history, entry.history.size());
  }
  if (!token.ok()) return token.status();
  chain.tokens.push_back(*token);
  entry.history.push_back(*token);
  return {};
}

}  // namespace drafting

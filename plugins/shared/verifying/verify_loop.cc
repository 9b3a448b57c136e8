#include "plugins/shared/verifying/verify_loop.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace retort_stages {

using retort::Result;
using retort::Status;
using retort::sdk::Acceptance;
using retort::sdk::Committed;
using retort::sdk::Config;
using retort::sdk::Context;
using retort::sdk::DraftKind;
using retort::sdk::DraftView;
using retort::sdk::Finish;
using retort::sdk::kMaxTreeNodes;
using retort::sdk::Kv;
using retort::sdk::Logits;
using retort::sdk::Record;
using retort::sdk::SequenceView;
using retort::sdk::Verdict;

namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

Status VerifyLoop::Begin(const Config& config, const Acceptance& acceptance) {
  options_ = DecodingOptions::From(config);
  acceptance_ = acceptance;
  RETORT_ASSIGN_OR_RETURN(const retort_model_info info, options_.model.Info());
  vocab_ = info.vocab_size;
  context_ = static_cast<size_t>(info.context_length);
  return {};
}

Status VerifyLoop::Process(Context& context, std::span<const Record> records) {
  metrics_.Begin();
  entries_.clear();
  tokens_.clear();
  parents_.clear();
  prompt_ = false;
  for (const Record& record : records) {
    const Status status = Admit(context, record);
    if (!status.ok()) RETORT_RETURN_IF_ERROR(context.Fail(record, status));
  }
  if (entries_.empty()) return {};
  RETORT_RETURN_IF_ERROR(RunLongPrompts());
  RETORT_RETURN_IF_ERROR(Prepare(entries_));
  const auto start = Clock::now();
  items_.clear();
  size_t rows = 0;
  for (const Entry& entry : entries_) {
    const std::span<const int32_t> tokens(tokens_.data() + entry.begin, entry.pending + entry.draft);
    const std::span<const int32_t> parents(parents_.data() + entry.begin, entry.tree ? tokens.size() : 0);
    items_.emplace_back(entry.kv, tokens, entry.pending - 1, parents);
    rows += tokens.size();
  }
  RETORT_ASSIGN_OR_RETURN(const Logits logits, options_.model.Forward(items_));
  const double forward_seconds = SecondsSince(start);
  metrics_.Step(rows, forward_seconds);
  size_t row = 0;
  going_.clear();
  for (const Entry& entry : entries_) {
    const Status status = Accept(context, entry, logits, row);
    row += entry.draft + 1;
    if (!status.ok()) RETORT_RETURN_IF_ERROR(context.Fail(entry.record, status));
  }
  metrics_.End(context, entries_.size(), prompt_, !going_.empty());
  RETORT_RETURN_IF_ERROR(EndStep(context, going_, rows, forward_seconds, SecondsSince(start)));
  for (const Entry& entry : going_) RETORT_RETURN_IF_ERROR(context.Emit(kContinue, entry.record));
  return {};
}

Status VerifyLoop::Admit(Context& context, const Record& record) {
  RETORT_RETURN_IF_ERROR(record.SetLimits(options_.limits()));
  RETORT_RETURN_IF_ERROR(record.SetSampling(options_.sampling));
  RETORT_ASSIGN_OR_RETURN(const SequenceView sequence, record.Sequence());
  if (sequence.finish != Finish::kNone) return FinishRecord(context, record, kDone);
  RETORT_ASSIGN_OR_RETURN(const Kv kv, record.Kv(options_.model));
  // The drafter may have run its own tokens in the same model.
  RETORT_RETURN_IF_ERROR(kv.KeepCommon(sequence.tokens));
  CountReuse(context, sequence, kv);
  RETORT_ASSIGN_OR_RETURN(const DraftView draft, record.Draft());
  for (const int32_t token : draft.tokens) {
    if (token < 0 || token >= vocab_) {
      return retort::InvalidArgument("draft of '" + std::string(draft.drafter) + "': expected tokens from 0 to " +
                                     std::to_string(vocab_ - 1) + ", got " + std::to_string(token));
    }
  }
  const size_t length = Length(sequence, draft);
  if (length < draft.tokens.size())
    context.Count("draft_tokens_cut", static_cast<double>(draft.tokens.size() - length));
  const std::span<const int32_t> pending = sequence.tokens.subspan(kv.Length());
  prompt_ = prompt_ || pending.size() > 1 || sequence.generated().empty();
  const bool tree = draft.parents != nullptr && length > 0;
  Entry entry;
  entry.record = record;
  entry.pending = pending.size();
  entry.draft = entry.whole = length;
  entry.offered = draft.q == nullptr ? length : 0;
  entry.tree = tree;
  entry.grows_as_tree = draft.kind == DraftKind::kTree;
  entry.all_or_none = draft.whole;
  entry.levels = tree ? TreeLevels({draft.parents, length}) : length;
  entry.token_seconds = TokenSeconds(draft, length, entry.levels);
  entry.begin_seconds = draft.begin_seconds;
  entry.density = draft.density;
  entry.steps = draft.steps;
  entry.kv = kv;
  entry.begin = tokens_.size();
  entry.prompt = sequence.generated().empty();
  entries_.push_back(entry);
  tokens_.insert(tokens_.end(), pending.begin(), pending.end());
  tokens_.insert(tokens_.end(), draft.tokens.begin(), draft.tokens.begin() + static_cast<std::ptrdiff_t>(length));
  AddParents(pending.size(), length, tree ? draft.parents : nullptr);
  return {};
}

/// How many tokens of a draft are run. Those beyond the limit or the context would be thrown away: the step ends one
/// before, since it emits one more. A tree ends before its first token that lies too deep.
size_t VerifyLoop::Length(const SequenceView& sequence, const DraftView& draft) {
  const size_t left = static_cast<size_t>(sequence.max_tokens) - sequence.generated().size();
  const size_t room = context_ - std::min(context_, sequence.tokens.size());
  const size_t deepest = std::min(left - 1, room);
  if (draft.parents == nullptr) return std::min({draft.tokens.size(), deepest, kLongestChain});
  depths_.clear();
  for (size_t i = 0; i < draft.tokens.size() && i < kMaxTreeNodes - 1; ++i) {
    const int32_t parent = draft.parents[i];
    depths_.push_back(parent < 0 ? 1 : depths_[static_cast<size_t>(parent)] + 1);
    if (depths_.back() > deepest) return i;
  }
  return depths_.size();
}

/// What one token more costs the drafter. Of a tree: its levels' share; drafts without tokens cost what the last did.
double VerifyLoop::TokenSeconds(const DraftView& draft, size_t length, size_t levels) {
  if (length == 0) return draft.step_seconds > 0 ? token_seconds_ : 0;
  return token_seconds_ = draft.step_seconds * static_cast<double>(levels) / static_cast<double>(length);
}

/// Parents of what an entry runs: the pending tokens are the trunk of its tree.
void VerifyLoop::AddParents(size_t pending, size_t length, const int32_t* of_draft) {
  for (size_t i = 0; i < pending; ++i) parents_.push_back(static_cast<int32_t>(i) - 1);
  for (size_t i = 0; i < length; ++i) {
    const int32_t parent = of_draft == nullptr ? static_cast<int32_t>(i) - 1 : of_draft[i];
    parents_.push_back(static_cast<int32_t>(pending) + parent);
  }
}

/// A prompt that leaves no room in its tree is run before, but for its last token; so is one that others may share,
/// since what is run as a tree is not kept for them.
Status VerifyLoop::RunLongPrompts() {
  items_.clear();
  for (Entry& entry : entries_) {
    if (!entry.tree || (entry.pending < kSharedPrompt && entry.pending + entry.draft <= kMaxTreeNodes)) continue;
    const size_t first = entry.pending - 1;
    items_.emplace_back(entry.kv, std::span<const int32_t>(tokens_.data() + entry.begin, first), first);
    for (size_t i = entry.begin + first; i < entry.begin + entry.pending + entry.draft; ++i)
      parents_[i] -= static_cast<int32_t>(first);
    entry.begin += first;
    entry.pending = 1;
  }
  return items_.empty() ? Status() : options_.model.Forward(items_).status();
}

Status VerifyLoop::Accept(Context& context, const Entry& entry, const Logits& logits, size_t row) {
  RETORT_ASSIGN_OR_RETURN(const Acceptance acceptance, AcceptanceOf(entry));
  RETORT_ASSIGN_OR_RETURN(const Verdict verdict, entry.record.Verify(acceptance, logits, row, entry.draft + 1));
  RETORT_ASSIGN_OR_RETURN(const Committed committed, entry.record.Commit(verdict.tokens));
  const bool finished = committed.finish != Finish::kNone;
  Report(context, entry, verdict.path.size(), committed.count);
  RETORT_RETURN_IF_ERROR(
      Learn(context, entry, {.path = verdict.path, .committed = committed.count, .finished = finished}));
  if (finished) return FinishRecord(context, entry.record, kDone);
  RETORT_RETURN_IF_ERROR(KeepAccepted(entry, verdict.path));
  RETORT_RETURN_IF_ERROR(entry.record.ClearDraft());
  going_.push_back(entry);
  return {};
}

/// Keys and values stay for all but the last token, which no step has seen yet.
Status VerifyLoop::KeepAccepted(const Entry& entry, std::span<const int32_t> accepted) {
  if (!entry.tree) return entry.kv.Truncate(entry.kv.Length() - entry.draft + accepted.size());
  path_.clear();
  for (size_t i = 0; i < entry.pending; ++i) path_.push_back(static_cast<int32_t>(i));
  for (const int32_t node : accepted) path_.push_back(static_cast<int32_t>(entry.pending) + node);
  return entry.kv.KeepPath(path_);
}

/// Counters carry the names that vLLM gives them (vllm/v1/spec_decode/metrics.py), without their prefix.
void VerifyLoop::Report(Context& context, const Entry& entry, size_t accepted, size_t committed) {
  VerifiedDraft verified;
  verified.offered = entry.whole;
  verified.offered_levels = entry.levels;
  verified.tokens = entry.draft;
  verified.levels = entry.draft == entry.whole ? entry.levels : entry.draft;
  verified.accepted = accepted;
  verified.committed = committed;
  const Result<DraftView> draft = entry.record.Draft();
  if (draft.ok()) verified.drafter = draft->drafter;
  if (draft.ok() && entry.tree && entry.draft < entry.whole)
    verified.levels = TreeLevels({draft->parents, entry.draft});
  if (const Result<std::string_view> kind = entry.record.GetString("kind"); kind.ok()) verified.kind = *kind;
  metrics_.Draft(context, verified);
}

}  // namespace retort_stages

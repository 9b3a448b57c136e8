// verify: one step of the target model over every sequence's draft, and the tokens that stand.
#include <retort/sdk.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/shared/decoding_options.h"
#include "plugins/verify/acceptance_options.h"
#include "plugins/verify/draft_lengths.h"
#include "plugins/verify/verify_metrics.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;
using retort_stages::DecodingOptions;
using retort_stages::VerifiedDraft;
using retort_stages::VerifyMetrics;

enum Port : uint32_t { kDone = 0, kContinue = 1 };

class Verify final : public Stage {
 public:
  static StageSpec Spec() {
    StageSpec spec("verify");
    spec.Summary("Verify drafted tokens with one step of the target model.")
        .Text(
            "One forward step covers what is pending of every sequence and its draft, chain or tree. Which of the "
            "drafted tokens stand is decided by `rule`, from p, the target's distribution after all transforms of the "
            "record, and q, the drafter's; then one token more follows.\n\n"
            "`lossless` gives the target's own law, by the rule that is exact for the draft's kind. Tokens chosen "
            "without chance (prompt lookup, n-grams, argmax, the most likely children of a tree): at each place the "
            "target's own token y is drawn, with the chance that belongs to (run seed, record id, position), and while "
            "a drafted token is y the next place is looked at. The text is then the one that plain decoding gives with "
            "the same seed, token for token, as far as the logits are the same (`precision: exact`). Tokens that were "
            "drawn: x is accepted with min(1, p(x) / q(x)), and what replaces a rejected one is drawn from what is "
            "left of p (Leviathan et al., arXiv 2211.17192; trees: SpecInfer, arXiv 2305.09781). `block: true` decides "
            "a drawn chain as a whole, which accepts no less (arXiv 2403.10444).\n\n"
            "`greedy` is `lossless` at temperature 0 and refuses any other. `lenient` is the dial from exact to "
            "relaxed: `lenience` 1 is `lossless`, and the lower, the more is accepted (arXiv 2211.17192, appendix "
            "A.5). `typical` (Medusa, arXiv 2401.10774) and `threshold` (Sirius, arXiv 2409.03856) accept what is "
            "likely enough. The last three change the text. tools/bench/dial measures what that gives and costs for "
            "your models; core/design/figures.md has a run of it.\n\n"
            "`length: auto` verifies of each draft as many tokens as make a second give the most tokens, by how often "
            "the record's and all records' drafts were accepted, at which place, and by how long steps of so many rows "
            "took; none, where a plain step gives more. Trees are cut too, but what was drawn is verified whole. A "
            "drafter whose tokens cost something is told how many of them pay the next time, its own cost counted. "
            "So lengths follow the clock: the text stays the same with drafts chosen without chance, its law with "
            "drawn ones. In deterministic runs `auto` is `fixed`, which verifies all that is drafted.\n\n"
            "A record may carry its own settings in the field `sampling`, such as {\"temperature\": 0.7}.")
        .Example("{ model: target, rule: lossless, max_tokens: 64, temperature: 0.7 }")
        .Input("in", "draft:tree", "Sequences with a draft; an empty draft makes a plain step.")
        .Output("done", "record", "Records with their completion.")
        .Output("continue", "sequence", "Sequences that have not ended; wire it back to the drafter.")
        .MaxBatch(16);
    spec.Option(OptionSpec::Enum("length", {"auto", "fixed"})
                    .Text("How many tokens are drafted and verified: as many as pay, by the clock, or all. That drafts "
                          "end where their drafter is not sure is `min_confidence` of `draft`.")
                    .Default("auto")
                    .Example("fixed"));
    return DecodingOptions::AddTo(retort_stages::AddAcceptanceOptions(spec));
  }

  /// Blocks are decided as a whole along chains alone.
  static std::string_view Payload(const Config& config, int32_t output) {
    if (output < 0) return config.Bool("block") ? "draft:sampled" : "draft:tree";
    return output == kDone ? "record" : "sequence";
  }

  static Status Check(const Config& config) { return retort_stages::CheckAcceptance(config); }

  static Result<std::unique_ptr<Verify>> Create(const Config& config) {
    if (Status status = Check(config); !status.ok()) return status;
    auto stage = std::make_unique<Verify>();
    stage->options_ = DecodingOptions::From(config);
    stage->acceptance_ = retort_stages::AcceptanceFrom(config);
    if (config.String("length") == "auto" && !config.Repeatable()) stage->lengths_.emplace();
    const Result<retort_model_info> info = stage->options_.model.Info();
    if (!info.ok()) return info.status();
    stage->vocab_ = info->vocab_size;
    stage->context_ = static_cast<size_t>(info->context_length);
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    metrics_.Begin();
    entries_.clear();
    tokens_.clear();
    parents_.clear();
    prompt_ = false;
    for (const Record& record : records) {
      const Status status = Admit(context, record);
      Status given = status.ok() ? Status() : context.Fail(record, status);
      if (!given.ok()) return given;
    }
    if (entries_.empty()) return {};
    if (Status status = RunLongPrompts(); !status.ok()) return status;
    if (lengths_) {
      if (Status status = lengths_->Cut(entries_); !status.ok()) return status;
    }
    const auto start = std::chrono::steady_clock::now();
    items_.clear();
    size_t rows = 0;
    for (const Entry& entry : entries_) {
      const std::span<const int32_t> tokens(tokens_.data() + entry.begin, entry.pending + entry.draft);
      const std::span<const int32_t> parents(parents_.data() + entry.begin, entry.tree ? tokens.size() : 0);
      items_.emplace_back(entry.kv, tokens, entry.pending - 1, parents);
      rows += tokens.size();
    }
    const Result<Logits> logits = options_.model.Forward(items_);
    if (!logits.ok()) return logits.status();
    metrics_.Step(rows, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    size_t row = 0;
    going_.clear();
    for (const Entry& entry : entries_) {
      const Status status = Accept(context, entry, *logits, row);
      row += entry.draft + 1;
      if (!status.ok()) {
        if (Status given = context.Fail(entry.record, status); !given.ok()) return given;
      }
    }
    metrics_.End(context, entries_.size(), prompt_, !going_.empty());
    if (lengths_) {
      lengths_->LearnStep(rows, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      if (Status status = lengths_->SetBudgets(going_); !status.ok()) return status;
    }
    for (const Entry& entry : going_) {
      if (Status status = context.Emit(kContinue, entry.record); !status.ok()) return status;
    }
    return {};
  }

 private:
  /// One sequence's part of the step: tokens_[begin, begin + pending + draft).
  struct Entry : retort_stages::StepDraft {
    Kv kv;
    size_t begin;
    size_t whole, levels;  // tokens of the draft before its length was chosen; of these, in a row
  };
  static constexpr size_t kLongestChain = 256;  // each drafted token needs a row of logits
  static constexpr size_t kSharedPrompt = 32;   // tokens from which on keys and values of prompts are kept for others

  Status Admit(Context& context, const Record& record) {
    if (Status status = record.SetLimits(options_.limits()); !status.ok()) return status;
    if (Status status = record.SetSampling(options_.sampling); !status.ok()) return status;
    const Result<SequenceView> sequence = record.Sequence();
    if (!sequence.ok()) return sequence.status();
    if (sequence->finish != Finish::kNone) return retort_stages::FinishRecord(context, record, kDone);
    const Result<Kv> kv = record.Kv(options_.model);
    if (!kv.ok()) return kv.status();
    // The drafter may have run its own tokens in the same model.
    if (Status status = kv->KeepCommon(sequence->tokens); !status.ok()) return status;
    retort_stages::CountReuse(context, *sequence, *kv);
    const Result<DraftView> draft = record.Draft();
    if (!draft.ok()) return draft.status();
    for (const int32_t token : draft->tokens) {
      if (token < 0 || token >= vocab_) {
        return retort::InvalidArgument("draft of '" + std::string(draft->drafter) + "': expected tokens from 0 to " +
                                       std::to_string(vocab_ - 1) + ", got " + std::to_string(token));
      }
    }
    const size_t length = Length(*sequence, *draft);
    if (length < draft->tokens.size())
      context.Count("draft_tokens_cut", static_cast<double>(draft->tokens.size() - length));
    const std::span<const int32_t> pending = sequence->tokens.subspan(kv->Length());
    prompt_ = prompt_ || pending.size() > 1 || sequence->generated().empty();
    const bool tree = draft->parents != nullptr && length > 0;
    const size_t levels = tree ? retort_stages::TreeLevels({draft->parents, length}) : length;
    entries_.push_back({{.record = record,
                         .pending = pending.size(),
                         .draft = length,
                         .offered = draft->q == nullptr ? length : 0,
                         .tree = tree,
                         .grows_as_tree = draft->kind == DraftKind::kTree,
                         .all_or_none = draft->whole,
                         .token_seconds = TokenSeconds(*draft, length, levels),
                         .begin_seconds = draft->begin_seconds},
                        *kv,
                        tokens_.size(),
                        length,
                        levels});
    tokens_.insert(tokens_.end(), pending.begin(), pending.end());
    tokens_.insert(tokens_.end(), draft->tokens.begin(), draft->tokens.begin() + static_cast<std::ptrdiff_t>(length));
    AddParents(pending.size(), length, tree ? draft->parents : nullptr);
    return {};
  }

  /// How many tokens of a draft are run. Those beyond the limit or the context would be thrown away: the step ends one
  /// before, since it emits one more. A tree ends before its first token that lies too deep.
  size_t Length(const SequenceView& sequence, const DraftView& draft) {
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
  double TokenSeconds(const DraftView& draft, size_t length, size_t levels) {
    if (length == 0) return draft.step_seconds > 0 ? token_seconds_ : 0;
    return token_seconds_ = draft.step_seconds * static_cast<double>(levels) / static_cast<double>(length);
  }

  /// Parents of what an entry runs: the pending tokens are the trunk of its tree.
  void AddParents(size_t pending, size_t length, const int32_t* of_draft) {
    for (size_t i = 0; i < pending; ++i) parents_.push_back(static_cast<int32_t>(i) - 1);
    for (size_t i = 0; i < length; ++i) {
      const int32_t parent = of_draft == nullptr ? static_cast<int32_t>(i) - 1 : of_draft[i];
      parents_.push_back(static_cast<int32_t>(pending) + parent);
    }
  }

  /// A prompt that leaves no room in its tree is run before, but for its last token; so is one that others may share,
  /// since what is run as a tree is not kept for them.
  Status RunLongPrompts() {
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

  Status Accept(Context& context, const Entry& entry, const Logits& logits, size_t row) {
    const Result<Verdict> verdict = entry.record.Verify(acceptance_, logits, row, entry.draft + 1);
    if (!verdict.ok()) return verdict.status();
    const Result<Committed> committed = entry.record.Commit(verdict->tokens);
    if (!committed.ok()) return committed.status();
    Report(context, entry, verdict->path.size(), committed->count);
    if (lengths_) lengths_->LearnDraft(entry, verdict->path);
    if (committed->finish != Finish::kNone) return retort_stages::FinishRecord(context, entry.record, kDone);
    if (Status status = KeepAccepted(entry, verdict->path); !status.ok()) return status;
    if (Status status = entry.record.ClearDraft(); !status.ok()) return status;
    going_.push_back(entry);
    return {};
  }

  /// Keys and values stay for all but the last token, which no step has seen yet.
  Status KeepAccepted(const Entry& entry, std::span<const int32_t> accepted) {
    if (!entry.tree) return entry.kv.Truncate(entry.kv.Length() - entry.draft + accepted.size());
    path_.clear();
    for (size_t i = 0; i < entry.pending; ++i) path_.push_back(static_cast<int32_t>(i));
    for (const int32_t node : accepted) path_.push_back(static_cast<int32_t>(entry.pending) + node);
    return entry.kv.KeepPath(path_);
  }

  /// Counters carry the names that vLLM gives them (vllm/v1/spec_decode/metrics.py), without their prefix.
  void Report(Context& context, const Entry& entry, size_t accepted, size_t committed) {
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
      verified.levels = retort_stages::TreeLevels({draft->parents, entry.draft});
    if (const Result<std::string_view> kind = entry.record.GetString("kind"); kind.ok()) verified.kind = *kind;
    metrics_.Draft(context, verified);
  }

  DecodingOptions options_;
  Acceptance acceptance_;
  VerifyMetrics metrics_;
  bool prompt_ = false;                                 // the call runs prompts
  std::optional<retort_stages::DraftLengths> lengths_;  // none: every draft is verified whole
  double token_seconds_ = 0;                            // see TokenSeconds
  int32_t vocab_ = 0;
  size_t context_ = 0;
  std::vector<Entry> entries_, going_;  // of the step; of these, whose sequences go on
  std::vector<int32_t> tokens_, parents_, path_;
  std::vector<size_t> depths_;
  std::vector<ForwardItem> items_;
};

}  // namespace

RETORT_PLUGIN(Verify)

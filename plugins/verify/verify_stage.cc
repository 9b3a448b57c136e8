// verify: one step of the target model over every sequence's draft, and the tokens that stand.
#include <retort/sdk.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plugins/shared/decoding_options.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;
using retort_stages::DecodingOptions;

enum Port : uint32_t { kDone = 0, kContinue = 1 };

class Verify final : public Stage {
 public:
  static StageSpec Spec() {
    StageSpec spec("verify");
    spec.Summary("Verify drafted tokens with one step of the target model.")
        .Text(
            "One forward step covers what is pending of every sequence and its draft. At each position the target's "
            "own token "
            "y is drawn, after all transforms and with the chance that belongs to (run seed, record id, position); "
            "while y "
            "equals the drafted token the next position is looked at, and the first y that differs, or the one after "
            "the "
            "draft's end, is emitted too.\n\n"
            "For a draft chosen without chance (`draft:point-mass`: n-gram, prompt lookup) this is the exact rule of "
            "speculative sampling (Leviathan et al., arXiv 2211.17192, with q = 1 at the token): x is accepted with "
            "probability p(x), and its replacement has the law of p without x. Moreover the text is the one that plain "
            "decoding gives with the same seed, token for token, as far as the logits are the same (`precision: "
            "exact`).\n\n"
            "`rule: greedy` is the same with temperature 0 and refuses any other.")
        .Example("{ model: target, rule: lossless, max_tokens: 64, temperature: 0.7 }")
        .Input("in", "draft:point-mass", "Sequences with a draft; an empty draft makes a plain step.")
        .Output("done", "record", "Records with their completion.")
        .Output("continue", "sequence", "Sequences that have not ended; wire it back to the drafter.")
        .MaxBatch(16)
        .Option(OptionSpec::Enum("rule", {"lossless", "greedy"})
                    .Text("How a draft is accepted: `lossless` at any temperature, `greedy` at temperature 0.")
                    .Default("lossless")
                    .Example("greedy"));
    return DecodingOptions::AddTo(spec);
  }

  static Status Check(const Config& config) {
    const double temperature = config.Float("temperature");
    if (config.String("rule") != "greedy" || temperature == 0) return {};
    return retort::InvalidArgument("rule greedy needs temperature 0, got " + std::to_string(temperature) +
                                   "; use rule: lossless to sample");
  }

  static Result<std::unique_ptr<Verify>> Create(const Config& config) {
    if (Status status = Check(config); !status.ok()) return status;
    auto stage = std::make_unique<Verify>();
    stage->options_ = DecodingOptions::From(config);
    const Result<retort_model_info> info = stage->options_.model.Info();
    if (!info.ok()) return info.status();
    stage->vocab_ = info->vocab_size;
    stage->context_ = static_cast<size_t>(info->context_length);
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    entries_.clear();
    tokens_.clear();
    for (const Record& record : records) {
      const Status status = Admit(context, record);
      Status given = status.ok() ? Status() : context.Fail(record, status);
      if (!given.ok()) return given;
    }
    if (entries_.empty()) return {};
    items_.clear();
    for (const Entry& entry : entries_) {
      const std::span<const int32_t> tokens(tokens_.data() + entry.begin, entry.pending + entry.draft);
      items_.emplace_back(entry.kv, tokens, entry.pending - 1);
    }
    const Result<Logits> logits = options_.model.Forward(items_);
    if (!logits.ok()) return logits.status();
    context.Count("steps");
    size_t row = 0;
    for (const Entry& entry : entries_) {
      const Status status = Accept(context, entry, *logits, row);
      row += entry.draft + 1;
      if (!status.ok()) {
        if (Status given = context.Fail(entry.record, status); !given.ok()) return given;
      }
    }
    return {};
  }

 private:
  /// One sequence's part of the step: tokens_[begin, begin + pending + draft).
  struct Entry {
    Record record;
    Kv kv;
    size_t begin, pending, draft;
  };

  Status Admit(Context& context, const Record& record) {
    if (Status status = record.SetLimits(options_.limits()); !status.ok()) return status;
    const Result<SequenceView> sequence = record.Sequence();
    if (!sequence.ok()) return sequence.status();
    if (sequence->finish != Finish::kNone) return retort_stages::FinishRecord(context, record, kDone);
    const Result<Kv> kv = record.Kv(options_.model);
    if (!kv.ok()) return kv.status();
    retort_stages::CountReuse(context, *sequence, *kv);
    const Result<DraftView> draft = record.Draft();
    if (!draft.ok()) return draft.status();
    if (draft->kind != DraftKind::kPointMass) {
      return retort::Unsupported(
          "draft of '" + std::string(draft->drafter) +
          "': expected one chosen without chance (draft:point-mass); this stage has no exact rule for another kind");
    }
    for (const int32_t token : draft->tokens) {
      if (token < 0 || token >= vocab_) {
        return retort::InvalidArgument("draft of '" + std::string(draft->drafter) + "': expected tokens from 0 to " +
                                       std::to_string(vocab_ - 1) + ", got " + std::to_string(token));
      }
    }
    // A token beyond the limit or the context would be thrown away: the step ends one before, since it emits one more.
    const size_t left = static_cast<size_t>(sequence->max_tokens) - sequence->generated().size();
    const size_t room = context_ - std::min(context_, sequence->tokens.size());
    const size_t length = std::min({draft->tokens.size(), left - 1, room});
    const std::span<const int32_t> pending = sequence->tokens.subspan(kv->Length());
    entries_.push_back({record, *kv, tokens_.size(), pending.size(), length});
    tokens_.insert(tokens_.end(), pending.begin(), pending.end());
    tokens_.insert(tokens_.end(), draft->tokens.begin(), draft->tokens.begin() + static_cast<std::ptrdiff_t>(length));
    return {};
  }

  Status Accept(Context& context, const Entry& entry, const Logits& logits, size_t row) {
    const int32_t* const draft = tokens_.data() + entry.begin + entry.pending;
    Result<SequenceView> sequence = entry.record.Sequence();
    if (!sequence.ok()) return sequence.status();
    history_.assign(sequence->tokens.begin(), sequence->tokens.end());
    const size_t before = history_.size();
    size_t accepted = 0;
    for (size_t i = 0; i <= entry.draft; ++i) {
      const Result<int32_t> y = entry.record.Sample(options_.sampling, logits.row(row + i), history_, history_.size());
      if (!y.ok()) return y.status();
      history_.push_back(*y);
      if (i == entry.draft || *y != draft[i]) break;
      ++accepted;
    }
    const std::span<const int32_t> emitted = std::span<const int32_t>(history_).subspan(before);
    const Result<Committed> committed = entry.record.Commit(emitted);
    if (!committed.ok()) return committed.status();
    Report(context, entry, accepted, committed->count);
    if (committed->finish != Finish::kNone) return retort_stages::FinishRecord(context, entry.record, kDone);
    // Keys and values stay for all but the last token, which no step has seen yet.
    if (Status status = entry.kv.Truncate(before + committed->count - 1); !status.ok()) return status;
    if (Status status = entry.record.ClearDraft(); !status.ok()) return status;
    return context.Emit(kContinue, entry.record);
  }

  static void Report(Context& context, const Entry& entry, size_t accepted, size_t committed) {
    context.Count("tokens_generated", static_cast<double>(committed));
    context.Count("drafted_tokens", static_cast<double>(entry.draft));
    context.Count("accepted_tokens", static_cast<double>(accepted));
    context.Sample("acceptance_length", static_cast<double>(committed));
    if (const Result<std::string_view> kind = entry.record.GetString("kind"); kind.ok()) {
      context.Sample("acceptance_length/" + std::string(*kind), static_cast<double>(committed));
    }
  }

  DecodingOptions options_;
  int32_t vocab_ = 0;
  size_t context_ = 0;
  std::vector<Entry> entries_;
  std::vector<int32_t> tokens_, history_;
  std::vector<ForwardItem> items_;
};

}  // namespace

RETORT_PLUGIN(Verify)

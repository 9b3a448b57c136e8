// generate: plain decoding, one token of every sequence a step.
#include <retort/sdk.h>

#include <memory>
#include <vector>

#include "plugins/shared/decoding_options.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;
using retort_stages::DecodingOptions;

enum Port : uint32_t { kDone = 0, kContinue = 1 };

class Generate final : public Stage {
 public:
  static StageSpec Spec() {
    StageSpec spec("generate");
    spec.Summary("Continue sequences token by token (plain decoding).")
        .Text(
            "Each call runs up to `block` steps over all sequences that it has been given. A record whose sequence "
            "ends goes "
            "out by `done` with `completion`, `finish_reason` and `usage`; the others go out by `continue`, which is "
            "to be "
            "wired back to this stage, so that new records join between blocks (continuous batching).\n\n"
            "Chance depends on the run's seed, the record's id and the token's position alone: the same seed gives the "
            "same "
            "text, whatever shares the batch.\n\n"
            "A record may carry its own settings in the field `sampling`, such as {\"temperature\": 0.7}.")
        .Example("{ model: target, max_tokens: 64, temperature: 0.7 }")
        .Input("in", "sequence", "Sequences to continue.")
        .Output("done", "record", "Records with their completion.")
        .Output("continue", "sequence", "Sequences that have not ended; wire it back to this stage.")
        .MaxBatch(16);
    return DecodingOptions::AddTo(spec).Option(
        OptionSpec::Int("block")
            .Text("Steps a call at most: how long a new record may wait to join.")
            .Unit("steps")
            .Range(1, 4096)
            .Default(16)
            .Example("8"));
  }

  static std::vector<Advice> Advise(const Config& config) {
    std::vector<Advice> remarks;
    retort_stages::AddDecodingRemarks(config, remarks);
    return remarks;
  }

  static Result<std::unique_ptr<Generate>> Create(const Config& config) {
    auto stage = std::make_unique<Generate>();
    stage->options_ = DecodingOptions::From(config);
    stage->block_ = config.Int("block");
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    live_.clear();
    for (const Record& record : records) {
      if (Status status = Admit(context, record); !status.ok()) return status;
    }
    for (int64_t step = 0; step < block_ && !live_.empty() && !context.Cancelled(); ++step) {
      if (Status status = Step(context); !status.ok()) return status;
    }
    for (const Record& record : live_) {
      if (Status status = context.Emit(kContinue, record); !status.ok()) return status;
    }
    return {};
  }

 private:
  Status Admit(Context& context, const Record& record) {
    if (Status status = record.SetLimits(options_.limits()); !status.ok()) return context.Fail(record, status);
    if (Status status = record.SetSampling(options_.sampling); !status.ok()) return context.Fail(record, status);
    const Result<SequenceView> sequence = record.Sequence();
    if (!sequence.ok()) return context.Fail(record, sequence.status());
    if (sequence->finish != Finish::kNone) return retort_stages::FinishRecord(context, record, kDone);
    const Result<Kv> kv = record.Kv(options_.model);
    if (!kv.ok()) return context.Fail(record, kv.status());
    retort_stages::CountReuse(context, *sequence, *kv);
    live_.push_back(record);
    return {};
  }

  /// One token for every live sequence; those that end leave.
  Status Step(Context& context) {
    items_.clear();
    for (const Record& record : live_) {
      const Result<SequenceView> sequence = record.Sequence();
      const Result<Kv> kv = record.Kv(options_.model);
      if (!sequence.ok()) return sequence.status();
      if (!kv.ok()) return kv.status();
      const std::span<const int32_t> pending = sequence->tokens.subspan(kv->Length());
      items_.emplace_back(*kv, pending, pending.size() - 1);
    }
    const Result<Logits> logits = options_.model.Forward(items_);
    if (!logits.ok()) return logits.status();
    context.Count("steps");
    size_t kept = 0;
    for (size_t i = 0; i < live_.size(); ++i) {
      const Record record = live_[i];
      bool ended = false;
      const Status status = Draw(context, record, logits->row(i), &ended);
      if (!status.ok()) {
        if (Status given = context.Fail(record, status); !given.ok()) return given;
      } else if (ended) {
        if (Status given = retort_stages::FinishRecord(context, record, kDone); !given.ok()) return given;
      } else {
        live_[kept++] = record;
      }
    }
    live_.resize(kept);
    return {};
  }

  Status Draw(Context& context, const Record& record, std::span<const float> logits, bool* ended) {
    const Result<SequenceView> sequence = record.Sequence();
    if (!sequence.ok()) return sequence.status();
    const Result<int32_t> token = record.Sample(logits, sequence->tokens, sequence->tokens.size());
    if (!token.ok()) return token.status();
    const Result<Committed> committed = record.Commit({&*token, 1});
    if (!committed.ok()) return committed.status();
    context.Count("tokens_generated", static_cast<double>(committed->count));
    *ended = committed->finish != Finish::kNone;
    return {};
  }

  DecodingOptions options_;
  int64_t block_ = 0;
  std::vector<Record> live_;
  std::vector<ForwardItem> items_;
};

}  // namespace

RETORT_PLUGIN(Generate)

// correct: one step of the whole model over what a sparse one wrote, and the tokens that stand.
#include <retort/sdk.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plugins/correct/correction_figures.h"
#include "plugins/correct/kernel_control.h"
#include "plugins/shared/decoding_options.h"
#include "plugins/shared/verifying/verify_loop.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

/// What hangs on a record.
struct History {
  correcting::CorrectionFigures figures;
  correcting::RecentChecks recent;
  size_t plain = 0;  // steps in a row without sparse tokens, since they did not pay
};

class Correct final : public retort_stages::VerifyLoop {
 public:
  static StageSpec Spec() {
    StageSpec spec("correct");
    spec.Summary("Let the whole model correct what a sparse one wrote.")
        .Text(
            "The second half of Sirius (arXiv 2409.03856). One step of the whole model runs over what is pending of "
            "every sequence and what `sparse-predict` wrote after it; keys and values become the whole model's. The "
            "leading run of tokens that stand is kept, the rest rolled back, and a token of the whole model follows. "
            "Of branches (`width`) the longest that stands is kept. Sequences of a batch may be at different places of "
            "their kernels.\n\n"
            "`mode: threshold` lets a token stand that the whole model finds at least `threshold` likely at "
            "`threshold_temperature`, as published; the text is not that of the whole model, and how good it is, tasks "
            "say (pipelines/sirius.yaml). `lossless` gives the whole model's own text or law, by the rules of "
            "`verify`. `adaptive` is `threshold` where the number of sparse tokens follows what was rolled back of the "
            "record lately and what a token costs, up to the kernel of `sparse-predict`, and the threshold rises with "
            "the share of recent checks that rolled back, up to `strict_threshold`. With `cost: density` costs are "
            "parameters read, and a record's text depends on nothing but the record; with `cost: clock` they are "
            "seconds as measured, and the text may be another one each time.\n\n"
            "Counted: `kept_tokens`, whose mean is the AAL (average advance length) with a record's last check and "
            "`kept_tokens_without_last` that without, as published; `check_density` over the sum of `kept_tokens` is "
            "the effective density, the parameters read for a token over those that the whole model reads.")
        .Example("{ model: target, mode: threshold, threshold: 0.1, max_tokens: 64 }")
        .Input("in", "draft:tree", "Sequences with what the sparse model wrote; nothing makes a plain step.")
        .Output("done", "record", "Records with their completion.")
        .Output("continue", "sequence", "Sequences that have not ended; wire it back to `sparse-predict`.")
        .MaxBatch(16);
    spec.Option(OptionSpec::Enum("mode", {"threshold", "adaptive", "lossless"})
                    .Text("Which sparse tokens stand.")
                    .Default("threshold")
                    .Example("adaptive"))
        .Option(OptionSpec::Float("threshold")
                    .Text("A sparse token stands from this likelihood on. 0: all stand.")
                    .Range(0, 1)
                    .Default(0.1)
                    .Example("0.3"))
        .Option(OptionSpec::Float("threshold_temperature")
                    .Text("The temperature at which the likelihood is looked at.")
                    .Range(0.01, 100)
                    .Default(0.6)
                    .Example("1"))
        .Option(OptionSpec::Float("strict_threshold")
                    .Text("`mode: adaptive`: the threshold where every recent check rolled back.")
                    .Range(0, 1)
                    .Default(0.5)
                    .Example("0.3"))
        .Option(OptionSpec::Enum("cost", {"density", "clock"})
                    .Text("`mode: adaptive`: what the number of sparse tokens is to save, parameters read or time.")
                    .Default("density")
                    .Example("clock"));
    return retort_stages::DecodingOptions::AddTo(spec);
  }

  static std::string_view Payload(const Config&, int32_t output) {
    return output < 0 ? "draft:tree" : output == kDone ? "record" : "sequence";
  }

  static Status Check(const Config& config) {
    if (config.String("mode") != "adaptive" || config.Float("strict_threshold") >= config.Float("threshold")) return {};
    return retort::InvalidArgument("strict_threshold: expected threshold or more, which is " +
                                   std::to_string(config.Float("threshold")) + ", got " +
                                   std::to_string(config.Float("strict_threshold")));
  }

  static std::vector<Advice> Advise(const Config& config) {
    std::vector<Advice> remarks;
    if (config.String("mode") == "lossless")
      retort_stages::NotUsed({"threshold", "threshold_temperature"}, "mode", "`mode: lossless` has none", remarks);
    if (config.String("mode") != "adaptive")
      retort_stages::NotUsed({"strict_threshold", "cost"}, "mode", "it belongs to `mode: adaptive`", remarks);
    retort_stages::AddDecodingRemarks(config, remarks);
    return remarks;
  }

  static Result<std::unique_ptr<Correct>> Create(const Config& config) {
    if (Status status = Check(config); !status.ok()) return status;
    const bool by_clock = config.String("cost") == "clock" && !config.Repeatable();
    auto stage = std::make_unique<Correct>(by_clock);
    const std::string mode = config.String("mode");
    stage->adaptive_ = mode == "adaptive";
    stage->strict_threshold_ = config.Float("strict_threshold");
    Acceptance acceptance;
    acceptance.rule = mode == "lossless" ? Rule::kLossless : Rule::kThreshold;
    acceptance.threshold = config.Float("threshold");
    acceptance.threshold_temperature = config.Float("threshold_temperature");
    if (Status status = stage->Begin(config, acceptance); !status.ok()) return status;
    return stage;
  }

  explicit Correct(bool by_clock) : control_(by_clock) {}

 protected:
  Result<Acceptance> AcceptanceOf(const Entry& entry) override {
    Acceptance own = acceptance();
    if (!adaptive_) return own;
    RETORT_ASSIGN_OR_RETURN(const History* const history, HistoryOf(entry.record));
    own.threshold = history->recent.Threshold(own.threshold, strict_threshold_);
    return own;
  }

  Status Learn(Context& context, const Entry& entry, const Outcome& outcome) override {
    if (entry.prompt) return {};  // nothing was written before the first token
    RETORT_ASSIGN_OR_RETURN(History* const history, HistoryOf(entry.record));
    history->figures.Report(context, {.steps = static_cast<size_t>(std::max(entry.steps, 0)),
                                      .sparse = entry.levels,
                                      .kept = outcome.path.size() + 1,
                                      .step_density = entry.density});
    history->recent.Learn(entry.levels, outcome.path.size());
    return {};
  }

  Status EndStep(Context&, std::span<const Entry> going, size_t rows, double, double seconds) override {
    if (!adaptive_) return {};
    control_.LearnStep(rows, seconds);
    for (const Entry& entry : going) {
      RETORT_ASSIGN_OR_RETURN(History* const history, HistoryOf(entry.record));
      const correcting::KernelControl::Drafter drafter = {entry.density, entry.token_seconds, entry.begin_seconds};
      size_t sparse = control_.Best(history->recent.chance(), drafter, going.size());
      // What does not pay is tried again now and then.
      history->plain = sparse > 0 ? 0 : history->plain + 1;
      if (history->plain % kTryAgain == kTryAgain - 1) sparse = 1;
      RETORT_RETURN_IF_ERROR(entry.record.SetDraftBudget(sparse));
    }
    return {};
  }

 private:
  static constexpr size_t kTryAgain = 8;

  static Result<History*> HistoryOf(const Record& record) {
    return record.AttachmentOr<History>("correct.history", [] { return std::make_unique<History>(); });
  }

  correcting::KernelControl control_;
  bool adaptive_ = false;
  double strict_threshold_ = 0;
};

}  // namespace

RETORT_PLUGIN(Correct)

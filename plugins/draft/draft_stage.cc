// draft: guess the next tokens of a sequence without a model.
#include <retort/sdk.h>

#include <memory>
#include <string>

#include "plugins/draft/ngram.h"
#include "plugins/draft/prompt_lookup.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using drafting::NgramStatistics;
using drafting::PromptLookup;
using retort::Result;
using retort::Status;

/// What the `ngram` drafter has learned of a record already.
struct Learned {
  size_t tokens = 0;
};

class Draft final : public Stage {
 public:
  static StageSpec Spec() {
    return StageSpec("draft")
        .Summary("Draft the next tokens of a sequence for a verifier.")
        .Text(
            "`prompt-lookup` takes what followed the longest suffix (`min_match` to `max_match` tokens) where it last "
            "stood in the same sequence. It suits answers that repeat their prompt (summaries, extraction, edits). "
            "Drafting costs hardly anything; verifying does: each drafted token makes the verifier's step longer, and "
            "pays only where it is accepted often enough for the machine and the batch.\n\n"
            "`ngram` counts over the run which token followed which context of up to `max_match` tokens, prompts and "
            "completions of all records, and follows the most counted one. What it drafts depends on the records seen "
            "so far, "
            "so the drafts (never the verified text) may differ from run to run unless the run is "
            "`--deterministic`.\n\n"
            "Drafts are chosen without chance (`draft:point-mass`). A drafter that finds nothing gives an empty draft, "
            "with "
            "which the verifier makes a plain step.")
        .Example("{ drafter: prompt-lookup, max_tokens: 8 }")
        .Input("in", "sequence", "Sequences to continue.")
        .Output("out", "draft:point-mass", "The same sequences with a draft.")
        .Option(OptionSpec::Enum("drafter", {"prompt-lookup", "ngram"})
                    .Text("Where the guesses come from.")
                    .Default("prompt-lookup")
                    .Example("ngram"))
        .Option(OptionSpec::Int("max_tokens")
                    .Text("Tokens drafted at most; 0 drafts nothing.")
                    .Unit("tokens")
                    .Range(0, 64)
                    .Default(8)
                    .Example("4"))
        .Option(OptionSpec::Int("min_match")
                    .Text("Shortest suffix or context that is trusted.")
                    .Unit("tokens")
                    .Range(1, 16)
                    .Default(2)
                    .Example("1"))
        .Option(OptionSpec::Int("max_match")
                    .Text("Longest suffix or context that is looked for.")
                    .Unit("tokens")
                    .Range(1, 16)
                    .Default(4)
                    .Example("3"))
        .Option(OptionSpec::Int("max_contexts")
                    .Text("Contexts that `ngram` keeps at most, about 64 bytes each.")
                    .Unit("contexts")
                    .Range(1, 1 << 28)
                    .Default(1 << 20)
                    .Example("100000"))
        .MaxBatch(16);
  }

  static Result<std::unique_ptr<Draft>> Create(const Config& config) {
    const auto min_match = static_cast<size_t>(config.Int("min_match"));
    const auto max_match = static_cast<size_t>(config.Int("max_match"));
    if (min_match > max_match) {
      return retort::InvalidArgument("min_match: expected max_match (" + std::to_string(max_match) + ") at most, got " +
                                     std::to_string(min_match));
    }
    auto stage = std::make_unique<Draft>();
    stage->drafter_ = config.String("drafter");
    stage->max_tokens_ = static_cast<size_t>(config.Int("max_tokens"));
    stage->min_match_ = min_match;
    stage->max_match_ = max_match;
    stage->ngrams_ = std::make_unique<NgramStatistics>(max_match, static_cast<size_t>(config.Int("max_contexts")));
    return stage;
  }

  Status Process(Context& context, std::span<const Record> records) override {
    for (const Record& record : records) {
      const Status status = DraftOne(record);
      Status given = status.ok() ? context.Emit(0, record) : context.Fail(record, status);
      if (!given.ok()) return given;
    }
    return {};
  }

 private:
  Status DraftOne(const Record& record) {
    const Result<SequenceView> sequence = record.Sequence();
    if (!sequence.ok()) return sequence.status();
    Result<std::vector<int32_t>> tokens =
        drafter_ == "ngram" ? FromStatistics(record, sequence->tokens) : FromPrompt(record, sequence->tokens);
    if (!tokens.ok()) return tokens.status();
    return record.SetDraft({.kind = DraftKind::kPointMass, .tokens = *tokens, .drafter = drafter_});
  }

  Result<std::vector<int32_t>> FromPrompt(const Record& record, std::span<const int32_t> sequence) const {
    auto* index = record.Attachment<PromptLookup>(kAttachment);
    if (index == nullptr) {
      auto made = std::make_unique<PromptLookup>(min_match_, max_match_);
      if (Status status = record.Attach(kAttachment, std::move(made)); !status.ok()) return status;
      index = record.Attachment<PromptLookup>(kAttachment);
    }
    index->Update(sequence);
    return index->Draft(max_tokens_);
  }

  Result<std::vector<int32_t>> FromStatistics(const Record& record, std::span<const int32_t> sequence) const {
    auto* learned = record.Attachment<Learned>(kAttachment);
    if (learned == nullptr) {
      auto made = std::make_unique<Learned>();
      if (Status status = record.Attach(kAttachment, std::move(made)); !status.ok()) return status;
      learned = record.Attachment<Learned>(kAttachment);
    }
    ngrams_->Learn(sequence, learned->tokens);
    learned->tokens = sequence.size();
    return ngrams_->Draft(sequence, max_tokens_, min_match_);
  }

  static constexpr const char* kAttachment = "retort.draft.index";
  std::string drafter_;
  size_t max_tokens_ = 0, min_match_ = 0, max_match_ = 0;
  std::unique_ptr<NgramStatistics> ngrams_;
};

}  // namespace

RETORT_PLUGIN(Draft)

// verify: one step of the target model over every sequence's draft, and the tokens that stand.
#include <retort/sdk.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/shared/verifying/acceptance_options.h"
#include "plugins/shared/verifying/draft_lengths.h"
#include "plugins/shared/verifying/verify_loop.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class Verify final : public retort_stages::VerifyLoop {
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
    return retort_stages::DecodingOptions::AddTo(retort_stages::AddAcceptanceOptions(spec));
  }

  /// Blocks are decided as a whole along chains alone.
  static std::string_view Payload(const Config& config, int32_t output) {
    if (output < 0) return config.Bool("block") ? "draft:sampled" : "draft:tree";
    return output == kDone ? "record" : "sequence";
  }

  static Status Check(const Config& config) { return retort_stages::CheckAcceptance(config); }

  static std::vector<Advice> Advise(const Config& config) {
    std::vector<Advice> remarks;
    retort_stages::AddAcceptanceRemarks(config, remarks);
    retort_stages::AddDecodingRemarks(config, remarks);
    return remarks;
  }

  static Result<std::unique_ptr<Verify>> Create(const Config& config) {
    if (Status status = Check(config); !status.ok()) return status;
    auto stage = std::make_unique<Verify>();
    if (Status status = stage->Begin(config, retort_stages::AcceptanceFrom(config)); !status.ok()) return status;
    if (config.String("length") == "auto" && !config.Repeatable()) stage->lengths_.emplace();
    return stage;
  }

 protected:
  Status Prepare(std::vector<Entry>& entries) override { return lengths_ ? lengths_->Cut(entries) : Status(); }

  Status Learn(Context&, const Entry& entry, const Outcome& outcome) override {
    if (lengths_) lengths_->LearnDraft(entry, outcome.path);
    return {};
  }

  Status EndStep(Context&, std::span<const Entry> going, size_t rows, double, double seconds) override {
    if (!lengths_) return {};
    lengths_->LearnStep(rows, seconds);
    return lengths_->SetBudgets(going);
  }

 private:
  std::optional<retort_stages::DraftLengths> lengths_;  // none: every draft is verified whole
};

}  // namespace

RETORT_PLUGIN(Verify)

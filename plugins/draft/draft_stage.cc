// draft: guess the next tokens of a sequence.
#include <retort/sdk.h>

#include <memory>
#include <string>
#include <utility>

#include "plugins/draft/draft_options.h"
#include "plugins/draft/lookahead_options.h"
#include "plugins/draft/self_options.h"
#include "plugins/draft/text_options.h"
#include "plugins/shared/drafting/drafting_stage.h"

namespace {

using namespace retort::sdk;  // NOLINT(google-build-using-namespace)
using retort::Result;
using retort::Status;

class Draft final : public drafting::DraftingStage {
 public:
  using DraftingStage::DraftingStage;

  static StageSpec Spec() {
    StageSpec spec("draft");
    spec.Summary("Draft the next tokens of a sequence for a verifier.")
        .Text(
            std::string(drafting::kTextDraftersText) +
            "\n\n`model` lets another model write ahead, a step for all records of a batch at a time; the target "
            "itself in a smaller type of weights will do. A model with other tokens than the target's drafts too, with "
            "`drafting: argmax` and one branch: its drafts are carried over as text, which a warning says at the start "
            "and the counter `drafts_translated` afterwards. The result is the target's all the same, but fewer "
            "drafted tokens may stand. Special tokens are carried over by their names; the end of the drafter's text "
            "is the end of a draft. `drafting: argmax` suits low temperatures, `sampled` high ones, where no single "
            "token is likely; `coupled` draws with the chance that the verifier will draw by, so that like models "
            "agree and the text stays that of plain decoding. "
            "`branches` above 1 makes a tree: argmax by the likeliest nodes (EAGLE-2, arXiv 2406.16858), sampled "
            "without replacement. How a record is sampled is known from its first verification on; the draft before "
            "that is the argmax.\n\n"
            "`min_confidence` ends a chain where the drafting model is not sure of its next token. That is told by its "
            "top probability, before anything is drawn: whether a token is drafted does not depend on which one it "
            "turns out to be, so drawn drafts keep the law. Sequences whose chains have ended take no part in the "
            "drafting model's further steps. `draft_by` lets a drafter that looks into text guess what the model would "
            "draft: one step of the model checks the guesses, and the draft is the same in fewer steps (a drafter "
            "whose drafts are drafted; arXiv 2312.11462).\n\n"
            "`self-skip` and `early-exit` draft with the target itself, layers left out: no second model, no second "
            "prompt, no memory. `self-skip` leaves out attention and feed-forward parts, each for itself (Draft & "
            "Verify, arXiv 2309.08168); `retort skip search` looks for the best ones. `early-exit` runs the first "
            "`exit_layer` layers and takes its logits there (LayerSkip, arXiv 2404.16710), which suits models trained "
            "for it. What they write into the target's cache, the target writes over. `drafting` and `branches` are as "
            "with `model`. The first step of a record is the target's own.\n\n"
            "`sparse` drafts with the target too, all layers but a share `density` of the neurons of their "
            "feed-forward "
            "parts: `coarse` by what the prompt used most (GRIFFIN, arXiv 2404.01365), `fine` by each token's gate "
            "(CATS, arXiv 2404.08763), which runs the gate whole. With `rule: threshold` of the verifier this is the "
            "loop of Sirius (arXiv 2409.03856). The weights of those parts are kept a second time, neuron by neuron; "
            "quantised ones as q8_0. With `coarse`, prompts do without the cache of earlier prompts' beginnings.\n\n" +
            drafting::kLookaheadText +
            "\n\n"
            "Drafts are chosen without chance (`draft:point-mass`), drawn (`draft:sampled`), or trees (`draft:tree`). "
            "A drafter that finds nothing gives an empty draft, with which the verifier makes a plain step. A draft "
            "that has to end early (the context of the drafting model, logits that are no numbers) is counted.")
        .Example("{ drafter: prompt-lookup, max_tokens: 8 }")
        .Input("in", "sequence", "Sequences to continue.")
        .Output("out", "draft:tree", "The same sequences with a draft.")
        .MaxBatch(16);
    return drafting::AddDraftOptions(spec);
  }

  static std::string_view Payload(const Config& config, int32_t output) {
    return output < 0 ? "sequence" : drafting::DraftPayload(config);
  }

  /// The target is run by drafters that are a part of it; the others need to know its tokens only.
  static bool RunsModel(const Config& config, std::string_view option) {
    return option != "target" || drafting::IsSelfDrafter(config.String("drafter"));
  }

  static Status Check(const Config& config) { return drafting::CheckDraftOptions(config); }
  static std::vector<Advice> Advise(const Config& config) { return drafting::DraftAdvice(config); }

  static Result<std::unique_ptr<Draft>> Create(const Config& config) {
    RETORT_ASSIGN_OR_RETURN(std::unique_ptr<drafting::Drafter> drafter, drafting::MakeDrafter(config));
    return std::make_unique<Draft>(std::move(drafter));
  }
};

}  // namespace

RETORT_PLUGIN(Draft)
